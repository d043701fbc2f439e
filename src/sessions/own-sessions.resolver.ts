import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { User } from '../users/user.type.ts';
import { LoggedIn } from './logged-in.type.ts';
import { ReauthenticateInput, RevokeSessionInput, ServiceTokenInput } from './own-sessions.input.ts';
import type { OwnSessionsService } from './own-sessions.service.ts';
import { RevokeOtherSessionsPayload, RevokeSessionPayload, ServiceToken } from './own-sessions.type.ts';
import type { ReauthenticationService } from './reauthentication.service.ts';
import type { ServiceTokenService } from './service-token.service.ts';
import type { SessionViewer } from './session.record.ts';
import { Session } from './session.type.ts';
import type { SessionReadingService } from './session-reading.service.ts';

interface OwnSessionsResolverParts {
  readonly reauthentication: ReauthenticationService;
  readonly serviceTokens: ServiceTokenService;
  readonly ownSessions: OwnSessionsService;
  readonly reading: SessionReadingService;
  readonly dataKeys: DataKeys;
}

/** What a logged-in person does about their sessions. */
@Resolver(() => User)
export class OwnSessionsResolver {
  readonly #parts: OwnSessionsResolverParts;

  constructor(parts: OwnSessionsResolverParts) {
    this.#parts = parts;
  }

  @Mutation(() => LoggedIn, {
    nullable: true,
    description: 'Confirms who is there again, for what needs a recent login. New tokens, delivered as before.',
  })
  reauthenticate(
    @Ctx() context: RequestContext<SessionViewer>,
    @Arg('input', () => ReauthenticateInput) { password }: ReauthenticateInput,
  ): Promise<LoggedIn> {
    return this.#parts.reauthentication.reauthenticate(context, password);
  }

  @Mutation(() => ServiceToken, {
    nullable: true,
    description:
      "An access token for one of the other services that the operator listed. This server refuses it; the session's own tokens stay as they are.",
  })
  async serviceToken(
    @Ctx() context: RequestContext<SessionViewer>,
    @Arg('input', () => ServiceTokenInput) { audience }: ServiceTokenInput,
  ): Promise<ServiceToken> {
    const { token, expiresIn } = await this.#parts.serviceTokens.issue(context, audience);
    return { accessToken: token, tokenType: 'Bearer', expiresIn };
  }

  @Mutation(() => RevokeSessionPayload, {
    nullable: true,
    description: "Ends one of the user's own sessions. Needs a recent login. NOT_FOUND for any other id.",
  })
  async revokeSession(
    @Ctx() context: RequestContext<SessionViewer>,
    @Arg('input', () => RevokeSessionInput) { id }: RevokeSessionInput,
  ): Promise<RevokeSessionPayload> {
    const revokedSessionId = await this.#parts.ownSessions.revoke(context, id);
    return { revoked: true, revokedSessionId, user: await this.#viewer(context) };
  }

  @Mutation(() => RevokeOtherSessionsPayload, {
    nullable: true,
    description: 'Ends every session of the user but the current one. Needs a recent login.',
  })
  async revokeOtherSessions(@Ctx() context: RequestContext<SessionViewer>): Promise<RevokeOtherSessionsPayload> {
    const revokedSessionIds = await this.#parts.ownSessions.revokeOthers(context);
    return { revokedCount: revokedSessionIds.length, revokedSessionIds, user: await this.#viewer(context) };
  }

  @FieldResolver(() => [Session], {
    nullable: true,
    description:
      'Live sessions, latest first, never more than 100 (a new login ends the oldest). Self, or SESSIONS_READ.',
  })
  async sessions(@Root() user: User, @Ctx() context: RequestContext<SessionViewer>): Promise<Session[]> {
    const { reading, dataKeys } = this.#parts;
    const { sessions, dataKey } = await reading.list(context, user.id);
    const current = context.knownViewer?.sessionId;
    const key = () => (dataKey === null ? undefined : dataKeys.unwrap(dataKey));
    return sessions.map((record) => new Session(record, record.id === current, key));
  }

  async #viewer(context: RequestContext<SessionViewer>): Promise<User> {
    return new User((await context.getViewer()).user, this.#parts.dataKeys);
  }
}
