import type { RequestContext } from '../access/request-context.ts';
import type { AccessTokens, SessionClaims } from '../crypto/access-tokens.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { formatRefreshToken } from '../crypto/refresh-tokens.ts';
import { open } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { permissionsOf } from '../roles/role.record.ts';
import { User } from '../users/user.type.ts';
import { LoggedIn } from './logged-in.type.ts';
import { sessionPlace } from './session.places.ts';
import type { SessionOfUser } from './session.record.ts';
import { Session } from './session.type.ts';
import { deliver } from './token-delivery.ts';

/** Makes what a login or a refresh answers: a signed access token, and the refresh token derived from the session's key. */
export class SessionTokens {
  readonly #accessTokens: AccessTokens;
  readonly #dataKeys: DataKeys;
  readonly #clock: Clock;

  constructor(parts: { accessTokens: AccessTokens; dataKeys: DataKeys; clock: Clock }) {
    this.#accessTokens = parts.accessTokens;
    this.#dataKeys = parts.dataKeys;
    this.#clock = parts.clock;
  }

  /** The 32 bytes that this session's refresh tokens are derived from; undefined once the person is erased. */
  refreshKeyOf({ session, user }: SessionOfUser): Buffer | undefined {
    if (user.dataKey === null) return undefined;
    const key = this.#dataKeys.unwrap(user.dataKey);
    return Buffer.from(open(key, sessionPlace(session.id, 'refreshKey'), session.refreshKey), 'base64url');
  }

  /** Tokens of the session's generation as it stands in `of`, delivered as the session's are. */
  issue(context: RequestContext, of: SessionOfUser, refreshKey: Buffer, deviceToken: string | null = null): LoggedIn {
    const { session, user } = of;
    const signed = this.#accessTokens.sign(claimsOf(of));
    const view = new User(user, this.#dataKeys);
    context.provenUserId = user.id;
    const answer: LoggedIn = Object.assign(new LoggedIn(), {
      accessToken: signed.token,
      tokenType: 'Bearer',
      expiresIn: signed.expiresIn,
      refreshToken: formatRefreshToken(refreshKey, session.id, session.refreshGeneration),
      session: new Session(session, true, () => view.key()),
      user: view,
      requiredActions: [],
      deviceToken,
    });
    return deliver(context, answer, session.delivery, this.#clock.now());
  }

  /** An access token for another service: the same claims, another audience. */
  issueFor(of: SessionOfUser, audience: string): { token: string; expiresIn: number } {
    return this.#accessTokens.sign(claimsOf(of), audience);
  }
}

/** What a token says of a session. */
function claimsOf({ session, user }: SessionOfUser): SessionClaims {
  return {
    sub: user.id,
    sid: session.id,
    gen: session.refreshGeneration,
    authTime: session.authenticatedAt,
    amr: session.factors,
    acr: session.factors.includes('mfa') ? 'aal2' : 'aal1',
    roles: user.roles.map((role) => role.name),
    permissions: [...permissionsOf(user.roles)],
  };
}
