import type { EntityManager } from 'typeorm';
import { type DataKeys, ifItOpens } from '../crypto/data-keys.ts';
import { open } from '../crypto/sealed.ts';
import type { Mail, MailKind } from '../mail/mail-kinds.ts';
import type { MailOutbox } from '../mail/mail-outbox.ts';
import { parseEmailAddress } from '../platform/email-address.ts';
import type { MailTokens } from './mail-tokens.ts';
import type { TokenPurpose } from './one-time-token.entity.ts';
import { profilePlace } from './profile.sealing.ts';
import type { UserRecord } from './user.record.ts';

type TokenMail = Extract<Mail, { token: string }>['kind'];
type NoticeMail = Exclude<MailKind, TokenMail>;

/** Of a change of address alone. */
interface CarriedAddress {
  /** Sealed in the token, to be used when it comes back. */
  readonly payload?: string;
  /** Where the mail goes instead of the stored address, which the change is to replace. */
  readonly to?: string;
}

/** Mails to people, at their stored address and in their language: never to an address that was only typed (CVE-2019-19844). */
export class UserMails {
  readonly #outbox: MailOutbox;
  readonly #tokens: MailTokens;
  readonly #dataKeys: DataKeys;
  readonly #seconds: Readonly<Record<TokenPurpose, number>>;

  constructor(parts: {
    outbox: MailOutbox;
    tokens: MailTokens;
    dataKeys: DataKeys;
    seconds: Readonly<Record<TokenPurpose, number>>;
  }) {
    this.#outbox = parts.outbox;
    this.#tokens = parts.tokens;
    this.#dataKeys = parts.dataKeys;
    this.#seconds = parts.seconds;
  }

  /** A notice, in the transaction of what it tells of. Nothing is sent to somebody erased. */
  async send(tx: EntityManager, user: UserRecord, kind: NoticeMail): Promise<void> {
    await this.#enqueue(tx, user, (reader) => ({ kind, ...reader }));
  }

  /** A new token of this purpose, and the mail that carries it. The caller holds the user's row. */
  async sendToken(
    tx: EntityManager,
    user: UserRecord,
    purpose: TokenPurpose,
    kind: TokenMail,
    carried: CarriedAddress = {},
  ): Promise<void> {
    const { payload, to } = carried;
    const key = user.dataKey === null ? undefined : this.#dataKeys.unwrap(user.dataKey);
    const token = await this.#tokens.issue(tx, user, purpose, key && payload ? { key, value: payload } : undefined);
    const validSeconds = this.#seconds[purpose];
    await this.#enqueue(tx, user, (reader) => ({ kind, token, validSeconds, ...reader, ...(to ? { to } : {}) }));
  }

  /** There is mail to send: call it once the transaction has committed. */
  wake(): void {
    this.#outbox.wake();
  }

  /** Whether their address and name open. Whoever damaged them must keep nobody from being shut out or erased. */
  canReach(user: UserRecord): boolean {
    return ifItOpens(() => this.#toReader(user)) !== undefined;
  }

  async #enqueue(
    tx: EntityManager,
    user: UserRecord,
    toMail: (reader: Pick<Mail, 'to' | 'locale' | 'name'>) => Mail,
  ): Promise<void> {
    const found = this.#toReader(user);
    if (found) await this.#outbox.enqueue(tx, toMail(found.reader), { userId: user.id, key: found.key });
  }

  #toReader({ dataKey, email, profile, id }: UserRecord) {
    if (dataKey === null || email === null) return undefined;
    const key = this.#dataKeys.unwrap(dataKey);
    const address = open(key, { table: 'users', column: 'email', rowId: id }, email);
    const { locale, displayName } = profile;
    const reader = {
      to: parseEmailAddress(address)?.delivery ?? address,
      locale: locale && open(key, profilePlace(id, 'locale'), locale),
      name: displayName && open(key, profilePlace(id, 'displayName'), displayName),
    };
    return { key, reader };
  }
}
