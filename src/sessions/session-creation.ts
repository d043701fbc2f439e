import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import type { SessionId } from '../platform/ids.ts';
import { type Random, uuidv7 } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import { ownAct } from '../users/own-act.ts';
import { passwordColumns } from '../users/password-columns.ts';
import type { CredentialRecord } from '../users/user.record.ts';
import type { Devices } from './devices.ts';
import type { LoggedIn } from './logged-in.type.ts';
import type { AuthenticationMethod, SessionEntity, TokenDelivery } from './session.entity.ts';
import { sessionPlace } from './session.places.ts';
import { type SessionLifeSettings, sessionExpiry } from './session-life.ts';
import type { SessionTokens } from './session-tokens.ts';
import { endOldestSessions, insertSession, passLoginFence, replacePasswordHash } from './sessions.repository.ts';

const REFRESH_KEY_BYTES = 32;

interface SessionCreationParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly devices: Devices;
  readonly tokens: SessionTokens;
  readonly clock: Clock;
  readonly random: Random;
  readonly life: SessionLifeSettings & { readonly perUser: number };
}

export interface NewSession {
  /** As read before the proof was checked: its version is what the fence compares. */
  readonly user: CredentialRecord;
  readonly delivery: TokenDelivery;
  readonly factors: readonly AuthenticationMethod[];
  /** The password's hash made anew, to be stored with the session. */
  readonly rehash?: string | undefined;
}

/** The one way a session comes to be, whatever the identity was proved with. */
export class SessionCreation {
  readonly #parts: SessionCreationParts;

  constructor(parts: SessionCreationParts) {
    this.#parts = parts;
  }

  /** The tokens of a new session; undefined when the user has changed since it was read, so that the proof counts no more. */
  async create(
    context: RequestContext,
    { user, delivery, factors, rehash }: NewSession,
  ): Promise<LoggedIn | undefined> {
    const { database, dataKeys, devices, tokens, clock, random } = this.#parts;
    if (user.dataKey === null) return undefined;
    const now = clock.now();
    const refreshKey = random.bytes(REFRESH_KEY_BYTES);
    const session = this.#newRow(context, user, dataKeys.unwrap(user.dataKey), { delivery, factors, refreshKey, now });
    const known = context.knownDevice;
    const deviceToken = await inTransaction(database, async (tx) => {
      if (!(await passLoginFence(tx, user.id, user.version, now))) return undefined;
      await insertSession(tx, session);
      if (rehash !== undefined) await this.#storeRehash(tx, context, user, rehash);
      await this.#endTooMany(tx, context, user, now);
      await this.#parts.audit.record(tx, {
        type: 'session.created',
        ...ownAct(context, user, dataKeys),
        details: { session: session.id, delivery, factors: [...factors], knownDevice: known !== undefined },
      });
      return devices.issue(tx, user.id, known);
    });
    if (deviceToken === undefined) return undefined;
    return tokens.issue(context, { session, user: { ...user, lastLoginAt: now } }, refreshKey, deviceToken);
  }

  #newRow(
    { origin }: RequestContext,
    user: CredentialRecord,
    key: SealingKey,
    facts: { delivery: TokenDelivery; factors: readonly AuthenticationMethod[]; refreshKey: Buffer; now: Date },
  ): SessionEntity {
    const { clock, random, life } = this.#parts;
    const { delivery, factors, refreshKey, now } = facts;
    const id = uuidv7(clock, random) as SessionId;
    const sealText = (field: 'refreshKey' | 'ip' | 'userAgent', text: string) =>
      seal<string>(key, sessionPlace(id, field), text, random);
    return {
      id,
      userId: user.id,
      refreshKey: sealText('refreshKey', refreshKey.toString('base64url')),
      refreshGeneration: 0,
      authGeneration: 0,
      seenGeneration: -1,
      rotatedAt: now,
      delivery,
      factors: [...factors],
      createdAt: now,
      lastSeenAt: now,
      expiresAt: sessionExpiry(life, { createdAt: now, now, roles: user.roles }),
      authenticatedAt: now,
      revokedAt: null,
      ip: sealText('ip', origin.ip),
      userAgent: origin.userAgent === null ? null : sealText('userAgent', origin.userAgent),
    };
  }

  async #storeRehash(
    tx: EntityManager,
    context: RequestContext,
    user: CredentialRecord,
    rehash: string,
  ): Promise<void> {
    const { keyring, random, audit, dataKeys } = this.#parts;
    await replacePasswordHash(tx, user.id, passwordColumns(keyring, user.id, rehash, random));
    await audit.record(tx, { type: 'password.rehashed', ...ownAct(context, user, dataKeys), details: {} });
  }

  /** A user keeps so many live sessions; a new one ends the oldest. */
  async #endTooMany(tx: EntityManager, context: RequestContext, user: CredentialRecord, now: Date): Promise<void> {
    const { audit, dataKeys, life } = this.#parts;
    for (const session of await endOldestSessions(tx, user.id, life.perUser, now)) {
      await audit.record(tx, {
        type: 'session.revoked',
        ...ownAct(context, user, dataKeys),
        details: { session, reason: 'TOO_MANY' },
      });
    }
  }
}
