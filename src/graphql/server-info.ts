import { Field, Int, ObjectType, Query, Resolver, registerEnumType } from 'type-graphql';
import { LoginMethod, SecondFactorMethod } from '../access/login-methods.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  FIELD_PROBLEMS,
  type FieldProblem,
  PASSWORD_PROBLEMS,
  type PasswordProblem,
} from '../platform/errors.ts';
import { ERROR_CODE_DESCRIPTION, ERROR_CODE_DESCRIPTIONS } from './error-code-texts.ts';

const toEnum = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { [K in N]: K };

const ErrorCodeEnum = toEnum(ERROR_CODES);
registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description: ERROR_CODE_DESCRIPTION,
  valuesConfig: Object.fromEntries(
    ERROR_CODES.map((code) => [code, { description: ERROR_CODE_DESCRIPTIONS[code] }]),
  ) as { [C in ErrorCode]: { description: string } },
});

const FieldProblemEnum = toEnum(FIELD_PROBLEMS);
registerEnumType(FieldProblemEnum, {
  name: 'FieldProblem',
  description: 'What is wrong with one value of a request.',
  valuesConfig: {
    REQUIRED: { description: 'It is missing, null or blank.' },
    INVALID_FORMAT: { description: 'It is not of the form that its type describes.' },
    TOO_SHORT: { description: 'It is shorter than `limit`.' },
    TOO_LONG: { description: 'It is longer than `limit`.' },
    OUT_OF_RANGE: { description: 'It is too small or too large.' },
    NOT_ALLOWED: { description: 'It is of the right form and cannot be used here.' },
  },
});

const PasswordProblemEnum = toEnum(PASSWORD_PROBLEMS);
registerEnumType(PasswordProblemEnum, {
  name: 'PasswordProblem',
  description: 'Why a password is refused.',
  valuesConfig: {
    TOO_SHORT: { description: 'It has fewer characters than `minLength`.' },
    TOO_LONG: { description: 'It has more characters than `maxLength`.' },
    COMMON: { description: 'It is one of those that are guessed first, or a pattern.' },
    BREACHED: { description: 'It was found in a breach.' },
    PERSONAL: { description: "It is made of the person's own name or address." },
    UNCHANGED: { description: 'It is the current one.' },
  },
});

@ObjectType({ description: 'What a new password must be.' })
export class PasswordPolicy {
  @Field(() => Int, { description: 'Least number of characters.' })
  readonly minLength!: number;

  @Field(() => Int, { description: 'Greatest number of characters.' })
  readonly maxLength!: number;

  @Field(() => [PasswordProblemEnum], { description: 'What is looked for.' })
  readonly refuses!: readonly PasswordProblem[];
}

@ObjectType({ description: 'What a login form needs to know before anyone has logged in.' })
export class ServerInfo {
  @Field(() => String, { description: 'Version of the server.' })
  readonly version!: string;

  @Field(() => Boolean, { description: 'Whether register makes accounts.' })
  readonly registrationOpen!: boolean;

  @Field(() => PasswordPolicy, { description: 'What a new password must be.' })
  readonly passwordPolicy!: PasswordPolicy;

  @Field(() => [LoginMethod], { description: 'Ways to log in.' })
  readonly loginMethods!: readonly LoginMethod[];

  @Field(() => [SecondFactorMethod], { description: 'Ways to pass the second step of a login.' })
  readonly secondFactorMethods!: readonly SecondFactorMethod[];

  @Field(() => Int, { description: 'How old a login may be for what needs a recent one.' })
  readonly recentLoginSeconds!: number;

  @Field(() => [ErrorCodeEnum], {
    description: 'Every code: keeps the enum in the schema and gives clients a type for it.',
  })
  readonly errorCodes!: readonly ErrorCode[];

  @Field(() => [FieldProblemEnum], { description: 'Every code of `extensions.fields`.' })
  readonly fieldProblems!: readonly FieldProblem[];
}

/** The facts that the composition root knows; the closed lists are added here. */
export type ServerFacts = Omit<ServerInfo, 'errorCodes' | 'fieldProblems'>;

@Resolver()
export class ServerInfoResolver {
  readonly #info: ServerInfo;

  constructor(facts: ServerFacts) {
    this.#info = { ...facts, errorCodes: ERROR_CODES, fieldProblems: FIELD_PROBLEMS };
  }

  @Query(() => ServerInfo, {
    nullable: true,
    description: 'What a login form needs to know before anyone has logged in. Public.',
  })
  serverInfo(): ServerInfo {
    return this.#info;
  }
}
