import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import { LoggedIn, LoginResult } from './logged-in.type.ts';
import { LoginInput, LogoutInput, RefreshInput } from './login.input.ts';
import type { LoginService } from './login.service.ts';
import type { LogoutService } from './logout.service.ts';
import type { RefreshService } from './refresh.service.ts';
import type { SessionViewer } from './session.record.ts';
import { bringRefreshToken } from './token-delivery.ts';

@ObjectType({ description: 'What became of a logout.' })
class LogoutPayload {
  @Field(() => Boolean, { description: 'False when there was no session to end.' })
  readonly loggedOut!: boolean;
}

@Resolver()
export class SessionsResolver {
  readonly #login: LoginService;
  readonly #refresh: RefreshService;
  readonly #logout: LogoutService;

  constructor(parts: { login: LoginService; refresh: RefreshService; logout: LogoutService }) {
    this.#login = parts.login;
    this.#refresh = parts.refresh;
    this.#logout = parts.logout;
  }

  @Mutation(() => LoginResult, {
    nullable: true,
    description: 'Errors: INVALID_CREDENTIALS, EMAIL_NOT_VERIFIED, ACCOUNT_DISABLED, RATE_LIMITED, BUSY.',
  })
  login(
    @Ctx() context: RequestContext,
    @Arg('input', () => LoginInput) { email, password, delivery }: LoginInput,
  ): Promise<LoggedIn> {
    return this.#login.login(context, { address: email, password, delivery: delivery ?? 'BODY' });
  }

  @Mutation(() => LoggedIn, {
    nullable: true,
    description:
      'Exchanges a refresh token (argument, or cookie when absent) for a new pair, delivered as before. Each token works once, save for a repeat whose answer was lost. INVALID_TOKEN for any other: log in again.',
  })
  refresh(
    @Ctx() context: RequestContext,
    @Arg('input', () => RefreshInput, { nullable: true }) input?: RefreshInput | null,
  ): Promise<LoggedIn> {
    return this.#refresh.refresh(context, bringRefreshToken(context, input?.refreshToken));
  }

  @Mutation(() => LogoutPayload, {
    nullable: true,
    description: 'Ends the session of the access token, else of the refresh token (argument or cookie).',
  })
  async logout(
    @Ctx() context: RequestContext<SessionViewer>,
    @Arg('input', () => LogoutInput, { nullable: true }) input?: LogoutInput | null,
  ): Promise<LogoutPayload> {
    const brought = bringRefreshToken(context, input?.refreshToken);
    return { loggedOut: await this.#logout.logout(context, brought) };
  }
}
