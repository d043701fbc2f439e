import type { AccessTokens } from '../crypto/access-tokens.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { formatRefreshToken } from '../crypto/refresh-tokens.ts';
import { open } from '../crypto/sealed.ts';
import { permissionsOf } from '../roles/role.record.ts';
import { User } from '../users/user.type.ts';
import { LoggedIn } from './logged-in.type.ts';
import { sessionPlace } from './session.places.ts';
import type { SessionOfUser } from './session.record.ts';
import { Session } from './session.type.ts';

/** Makes what a login or a refresh answers: a signed access token, and the refresh token derived from the session's key. */
export class SessionTokens {
  readonly #accessTokens: AccessTokens;
  readonly #dataKeys: DataKeys;

  constructor(parts: { accessTokens: AccessTokens; dataKeys: DataKeys }) {
    this.#accessTokens = parts.accessTokens;
    this.#dataKeys = parts.dataKeys;
  }

  /** The 32 bytes that this session's refresh tokens are derived from; undefined once the person is erased. */
  refreshKeyOf({ session, user }: SessionOfUser): Buffer | undefined {
    if (user.dataKey === null) return undefined;
    const key = this.#dataKeys.unwrap(user.dataKey);
    return Buffer.from(open(key, sessionPlace(session.id, 'refreshKey'), session.refreshKey), 'base64url');
  }

  /** Tokens of the session's generation as it stands in `of`. */
  issue(of: SessionOfUser, refreshKey: Buffer): LoggedIn {
    const { session, user } = of;
    const signed = this.#accessTokens.sign({
      sub: user.id,
      sid: session.id,
      gen: session.refreshGeneration,
      authTime: session.authenticatedAt,
      amr: session.factors,
      acr: session.factors.includes('mfa') ? 'aal2' : 'aal1',
      roles: user.roles.map((role) => role.name),
      permissions: [...permissionsOf(user.roles)],
    });
    const view = new User(user, this.#dataKeys);
    return Object.assign(new LoggedIn(), {
      accessToken: signed.token,
      tokenType: 'Bearer',
      expiresIn: signed.expiresIn,
      refreshToken: formatRefreshToken(refreshKey, session.id, session.refreshGeneration),
      session: new Session(session, true, () => view.key()),
      user: view,
      requiredActions: [],
    });
  }
}
