import 'reflect-metadata';
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import {
  Arg,
  Args,
  ArgsType,
  buildSchemaSync,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  Query,
  Resolver,
  registerEnumType,
} from 'type-graphql';
import { CurrentPassword, Limits, NewPassword } from '../../src/graphql/input-limits.ts';
import { InputProblems, type JudgePassword } from '../../src/graphql/input-problems.ts';
import { asRequestError, type PublicError, toPublicError } from '../../src/graphql/public-errors.ts';
import { DateTimeScalar } from '../../src/graphql/scalars/date-time.ts';
import { EmailAddressScalar } from '../../src/graphql/scalars/email-address.ts';
import { JsonObjectScalar } from '../../src/graphql/scalars/json-object.ts';
import { LocalDateScalar } from '../../src/graphql/scalars/local-date.ts';
import { LocaleScalar } from '../../src/graphql/scalars/locale.ts';
import { PhoneNumberScalar } from '../../src/graphql/scalars/phone-number.ts';
import { TimeZoneScalar } from '../../src/graphql/scalars/time-zone.ts';
import { UrlScalar } from '../../src/graphql/scalars/url.ts';
import { refuseBadVariables } from '../../src/graphql/variable-problems.ts';
import { AppError } from '../../src/platform/errors.ts';
import type { LogFacts, Logger } from '../../src/platform/logger.ts';

/** A small schema with every kind of input, behind a real Apollo Server, to try the check of inputs and the gate of errors. */

enum Color {
  RED = 'RED',
  GREEN = 'GREEN',
}
registerEnumType(Color, { name: 'Color' });

@InputType()
class AddressInput {
  @Limits({ minItems: 1, maxItems: 3, maxLength: 10, notBlank: true })
  @Field(() => [String])
  lines!: string[];

  @Field(() => String, { nullable: true })
  country?: string | null;
}

@InputType()
class ProfileInput {
  @Limits({ maxLength: 20 })
  @Field(() => String, { nullable: true })
  displayName?: string | null;

  @Limits({ maxLength: 50, multiline: true })
  @Field(() => String, { nullable: true })
  bio?: string | null;

  @Field(() => PhoneNumberScalar, { nullable: true })
  phone?: string | null;

  @Field(() => LocalDateScalar, { nullable: true })
  birthDate?: string | null;

  @Field(() => AddressInput, { nullable: true })
  address?: AddressInput | null;

  @Field(() => UrlScalar, { nullable: true })
  avatarUrl?: string | null;

  @Field(() => LocaleScalar, { nullable: true })
  locale?: string | null;

  @Field(() => TimeZoneScalar, { nullable: true })
  timeZone?: string | null;
}

@InputType()
class RegisterInput {
  @Field(() => EmailAddressScalar)
  email!: string;

  @NewPassword()
  @Field(() => String)
  password!: string;

  @Field(() => ProfileInput, { nullable: true })
  profile?: ProfileInput | null;
}

@InputType()
class LoginInput {
  @Field(() => EmailAddressScalar)
  email!: string;

  @CurrentPassword()
  @Field(() => String)
  password!: string;

  @Field(() => Color, { nullable: true, defaultValue: Color.RED })
  color?: Color | null;

  @Field(() => [Color], { defaultValue: [] })
  colors!: Color[];

  @Field(() => JsonObjectScalar, { nullable: true })
  extra?: object | null;

  @Field(() => Boolean, { nullable: true })
  remember?: boolean | null;

  @Limits({ minLength: 2, maxLength: 8, notBlank: true })
  @Field(() => String, { nullable: true })
  code?: string | null;
}

@ArgsType()
class PageArgs {
  @Limits({ min: 1, max: 100 })
  @Field(() => Int, { nullable: true, defaultValue: 20 })
  first?: number | null;

  @Field(() => String, { nullable: true })
  after?: string | null;

  @Field(() => DateTimeScalar, { nullable: true })
  since?: Date | null;
}

@Resolver()
class SampleResolver {
  @Query(() => String, { nullable: true })
  me(): string {
    return 'me';
  }

  @Query(() => String, { nullable: true })
  user(@Arg('id', () => ID) id: string): string {
    return id;
  }

  @Query(() => String, { nullable: true })
  users(@Args(() => PageArgs) { first, since }: PageArgs): string {
    return `${first} since ${since?.toISOString() ?? 'ever'}`;
  }

  @Query(() => String, { nullable: true })
  fails(@Arg('code', () => String) code: string): string {
    if (code === 'TypeError') throw new TypeError('a secret detail');
    throw new AppError('CONFLICT', 'The state has moved on.');
  }

  @Query(() => [String], { nullable: true })
  broken(): (string | null)[] {
    return [null];
  }

  @Mutation(() => String, { nullable: true })
  register(@Arg('input', () => RegisterInput) input: RegisterInput): string {
    return input.email;
  }

  @Mutation(() => String, { nullable: true })
  login(@Arg('input', () => LoginInput) input: LoginInput): string {
    return `${input.email} ${input.color}`;
  }
}

/** Refuses under 15 characters, and what repeats the address or the display name. */
export const judgePassword: JudgePassword = (password, { email, profile }) => {
  const name =
    typeof profile === 'object' && profile !== null && 'displayName' in profile ? profile.displayName : undefined;
  const isPersonal = [email, name].some((word) => typeof word === 'string' && word !== '' && password.includes(word));
  const isShort = [...password].length < 15;
  if (!isShort && !isPersonal) return undefined;
  return {
    reasons: [...(isShort ? (['TOO_SHORT'] as const) : []), ...(isPersonal ? (['PERSONAL'] as const) : [])],
    message: 'Choose another password.',
    ...(isShort ? { limit: 15 } : {}),
  };
};

export const inputSchema: GraphQLSchema = buildSchemaSync({ resolvers: [SampleResolver], validate: false });

export interface Answer {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly PublicError[];
  readonly text: string;
}

/** Starts the server; `ask` posts one body. Lines of the log are in `logged`. */
export async function startInputServer() {
  const problems = new InputProblems(judgePassword);
  for (const type of [inputSchema.getQueryType(), inputSchema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const resolve = field.resolve;
      field.resolve = (source, args, context, info) => {
        problems.refuseBadInput(args, info);
        return resolve?.(source, args, context, info);
      };
    }
  }
  const logged: { message: string; facts: LogFacts | undefined }[] = [];
  const log = (message: string, facts?: LogFacts) => void logged.push({ message, facts });
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const server = new ApolloServer({
    schema: inputSchema,
    introspection: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: 500 },
    formatError: (_formatted, error) => toPublicError(error, 'request-1', logger),
    plugins: [
      {
        async requestDidStart() {
          return {
            async didResolveOperation({ schema, document, operation, request }) {
              try {
                refuseBadVariables(problems, schema, document, operation, request.variables);
              } catch (error) {
                throw error instanceof AppError ? asRequestError(error) : error;
              }
            },
          };
        },
      },
    ],
  });
  await server.start();
  const post = async (body: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const answer = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: 'POST',
        headers: new HeaderMap(
          Object.entries({
            accept: 'application/graphql-response+json',
            'content-type': 'application/json',
            ...headers,
          }),
        ),
        search: '',
        body: JSON.parse(JSON.stringify(body)),
      },
      context: async () => ({}),
    });
    const text = answer.body.kind === 'complete' ? answer.body.string : '';
    const { data, errors = [] } = JSON.parse(text) as { data?: Record<string, unknown>; errors?: PublicError[] };
    return { status: answer.status ?? 200, data, errors, text };
  };
  const ask = (query: string, variables?: object) => post({ query, variables });
  return { ask, post, logged, problems, stop: () => server.stop() };
}
