import type { EntityManager } from 'typeorm';
import type { Actor, EventRequest } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { open } from '../crypto/sealed.ts';
import { canonicalAddress, parseEmailAddress } from '../platform/email-address.ts';
import type { AddressJobPayload } from './address-job.payload.ts';
import { contestUser, holdUser } from './address-work.repository.ts';
import type { CredentialRecord } from './user.record.ts';
import type { UserCreation } from './user-creation.ts';
import type { UserMails } from './user-mails.ts';
import { findCredentialsByAddress } from './users.repository.ts';

interface AddressWorkParts {
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly creation: UserCreation;
  readonly mails: UserMails;
}

type ChangeEmailJob = Extract<AddressJobPayload, { kind: 'CHANGE_EMAIL' }>;
type RegisterJob = Extract<AddressJobPayload, { kind: 'REGISTER' }>;

/** Does the jobs of `AddressJobs`, each in its transaction: here, unseen by whoever asked, it matters whose the address is. */
export class AddressWork {
  readonly #parts: AddressWorkParts;

  constructor(parts: AddressWorkParts) {
    this.#parts = parts;
  }

  /** Does one job. */
  async perform(tx: EntityManager, job: AddressJobPayload): Promise<void> {
    const { keyring } = this.#parts;
    const found = await findCredentialsByAddress(tx, lookupIndex(keyring, canonicalAddress(job.address)));
    // Held from here on, and read again: parallel jobs on one address come one after the other.
    const user = found && (await holdUser(tx, found.id));
    if (job.kind === 'CHANGE_EMAIL') return this.#changeEmail(tx, job, user);
    if (job.kind === 'REGISTER') return user ? this.#registerAgain(tx, job, user) : this.#register(tx, job);
    if (!user) return;
    if (job.kind === 'RESEND_VERIFICATION') return this.#resendVerification(tx, job, user);
    return this.#sendReset(tx, job, user);
  }

  async #register(tx: EntityManager, { address, profile, attempt, from }: RegisterJob): Promise<void> {
    // The account that the request saw was erased meanwhile: without a hash there is nothing to make one of.
    if (attempt.kind !== 'NEW') return;
    const { creation, audit, mails } = this.#parts;
    const { id, key } = await creation.create(tx, {
      address,
      passwordHash: attempt.passwordHash,
      profile,
      origin: 'REGISTRATION',
      status: 'PENDING',
      roles: ['user'],
    });
    await audit.record(tx, { type: 'user.registered', by: by(from), subjectId: id, subjectKey: key, details: {} });
    const user = await holdUser(tx, id);
    if (user) await mails.sendToken(tx, user, 'VERIFY_EMAIL', 'verify-email');
  }

  /** The address has an account. Only one that a registration made and nobody verified may change by it. */
  async #registerAgain(tx: EntityManager, job: RegisterJob, user: CredentialRecord): Promise<void> {
    const { audit, mails } = this.#parts;
    const subject = { by: by(job.from), subjectId: user.id };
    if (isUnverified(user)) return this.#registerPending(tx, job, user);
    if (user.status === 'ERASED') return;
    const account =
      user.status === 'PENDING' ? 'MADE_BY_ADMINISTRATOR' : user.status === 'DISABLED' ? 'DISABLED' : 'ACTIVE';
    await audit.record(tx, { type: 'registration.refused', ...subject, details: { account } });
    if (user.status === 'PENDING') await mails.sendToken(tx, user, 'SET_PASSWORD', 'set-password');
    else await mails.send(tx, user, 'already-registered');
  }

  async #registerPending(tx: EntityManager, { attempt, from }: RegisterJob, user: CredentialRecord): Promise<void> {
    const { audit, mails } = this.#parts;
    const isRepeat = attempt.kind === 'REPEATED' && attempt.version === user.version;
    if (!isRepeat && !user.contested) await contestUser(tx, user.id);
    await audit.record(tx, {
      type: isRepeat ? 'registration.repeated' : 'registration.contested',
      by: by(from),
      subjectId: user.id,
      details: {},
    });
    await mails.sendToken(tx, user, 'VERIFY_EMAIL', 'verify-email');
  }

  async #resendVerification(tx: EntityManager, { from }: AddressJobPayload, user: CredentialRecord): Promise<void> {
    if (user.status !== 'PENDING') return;
    const { audit, mails } = this.#parts;
    await audit.record(tx, { type: 'verification.requested', by: by(from), subjectId: user.id, details: {} });
    if (user.origin === 'REGISTRATION') await mails.sendToken(tx, user, 'VERIFY_EMAIL', 'verify-email');
    else await mails.sendToken(tx, user, 'SET_PASSWORD', 'set-password');
  }

  /** The notice to the old address goes out in any case; the token only where nobody else has shown the new one to be theirs. */
  async #changeEmail(tx: EntityManager, job: ChangeEmailJob, holder: CredentialRecord | undefined): Promise<void> {
    const { audit, dataKeys, mails } = this.#parts;
    const user = await holdUser(tx, job.userId);
    if (user?.status !== 'ACTIVE' || user.dataKey === null || user.email === null) return;
    const key = dataKeys.unwrap(user.dataKey);
    const before = open(key, { table: 'users', column: 'email', rowId: user.id }, user.email);
    await audit.record(tx, {
      type: 'email.change_requested',
      by: { kind: 'USER', id: user.id, key, request: requestOf(job.from) },
      subjectId: user.id,
      subjectKey: key,
      details: {},
      personal: { address: before },
    });
    await mails.send(tx, user, 'email-change-requested');
    if (holder !== undefined && holder.id !== user.id && !isUnverified(holder)) return;
    const to = parseEmailAddress(job.address)?.delivery ?? job.address;
    await mails.sendToken(tx, user, 'CHANGE_EMAIL', 'confirm-email', { payload: job.address, to });
  }

  async #sendReset(tx: EntityManager, { from }: AddressJobPayload, user: CredentialRecord): Promise<void> {
    if (user.status !== 'ACTIVE' && user.status !== 'PENDING') return;
    const { audit, mails } = this.#parts;
    await audit.record(tx, { type: 'password.reset_requested', by: by(from), subjectId: user.id, details: {} });
    await mails.sendToken(tx, user, 'RESET_PASSWORD', 'reset-password');
  }
}

/** Somebody typed the address, and nobody has shown yet that it is theirs. */
const isUnverified = ({ status, origin }: CredentialRecord) => status === 'PENDING' && origin === 'REGISTRATION';

/** Nobody is logged in where such a job comes from, whoever the address belongs to. */
const by = (from: AddressJobPayload['from']): Actor => ({ kind: 'ANONYMOUS', request: requestOf(from) });

const requestOf = ({ requestId, operationName, ip, userAgent }: AddressJobPayload['from']): EventRequest => ({
  requestId,
  operationName,
  origin: { ip, userAgent },
});
