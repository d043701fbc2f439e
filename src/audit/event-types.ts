import { PERMISSIONS } from '../access/permissions.ts';
import { ERROR_CODES } from '../platform/errors.ts';
import type { DetailField, DetailValue } from './event-details.ts';
import { count, flag, id, ids, name, oneOf, someOf } from './event-details.ts';
import { TRAIL_FAULTS } from './trail-faults.ts';

export const ACTOR_KINDS = ['ANONYMOUS', 'USER', 'SERVICE', 'OPERATOR', 'SYSTEM'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

export const AUDIT_OUTCOMES = ['SUCCESS', 'DENIED', 'FAILED'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What is personal about a subject, and so is sealed: an address (typed, or had before), a reason that somebody wrote. */
export type PersonalField = 'address' | 'reason';

export interface EventSpec {
  /** For the table in the docs. */
  readonly says: string;
  readonly outcome: AuditOutcome;
  /** What `subject_id` names. */
  readonly subject: 'user' | 'role' | 'key' | 'row' | 'none';
  readonly details: Readonly<Record<string, DetailField>>;
  readonly personal?: readonly PersonalField[];
  /** A use of permissions over others: where it came from stays readable for as long as the trail lives. */
  readonly power?: true;
}

const user = (says: string) => ({ says, outcome: 'SUCCESS', subject: 'user', details: {} }) as const;

const role = (says: string) => ({ says, outcome: 'SUCCESS', subject: 'role', power: true }) as const;

const permissions = someOf(...PERMISSIONS);
const key = (says: string) => ({ says, outcome: 'SUCCESS', subject: 'key' }) as const;
const purpose = oneOf('wrapping', 'index', 'pepper', 'system', 'audit');

const factors = someOf('pwd', 'otp', 'hwk', 'mfa');
const profileFields = someOf(
  'displayName',
  'givenName',
  'familyName',
  'bio',
  'phone',
  'birthDate',
  'address',
  'avatarUrl',
  'locale',
  'timeZone',
);

/** Every type of event there is. A type never changes its meaning: what has been written cannot be rewritten. */
export const EVENT_TYPES = {
  'user.registered': user('Somebody registered an address that nobody had.'),
  'registration.repeated': user('A PENDING address was registered again with the same password; nothing changed.'),
  'registration.contested': user(
    'A PENDING address was registered again with another password: from now on no password or profile of a registrant counts.',
  ),
  'registration.refused': {
    says: 'An address was registered whose account only its owner may change; the owner got a mail.',
    outcome: 'DENIED',
    subject: 'user',
    details: { account: oneOf('ACTIVE', 'DISABLED', 'MADE_BY_ADMINISTRATOR') },
  },
  'registration.displaced': user(
    'A registration that nobody verified made way for an account whose owner proved the address.',
  ),
  'registration.expired': user('A registration that nobody verified was deleted.'),
  'registration.replaced': {
    ...user('A registration that nobody had verified gave way to an account that an administrator made.'),
    power: true,
  },
  'verification.requested': user('Another verification mail was asked for.'),
  'email.verified': {
    ...user('An address was shown to be its account’s.'),
    details: { by: oneOf('VERIFICATION_TOKEN', 'PASSWORD_TOKEN'), setPassword: flag },
  },
  'email.change_requested': {
    ...user('The owner asked for another address, which is kept here; nothing changed yet.'),
    personal: ['address'],
  },
  'email.changed': {
    ...user('Another address took effect; the address before is kept here.'),
    details: { endedSessions: count },
    personal: ['address'],
  },
  'email.reverted': {
    ...user('The holder of the address before took the account back; the address taken away is kept here.'),
    details: { endedSessions: count },
    personal: ['address'],
  },
  'session.created': {
    ...user('A person logged in.'),
    details: { session: id, delivery: oneOf('BODY', 'COOKIE'), factors, knownDevice: flag },
  },
  'session.refreshed': {
    ...user('A refresh token was exchanged; `repeated` where its answer had been lost, or two tabs raced.'),
    details: { session: id, generation: count, repeated: flag },
  },
  'session.reauthenticated': {
    ...user('A person proved again who they are.'),
    details: { session: id, factors },
  },
  'session.ended': { ...user('A person logged out.'), details: { session: id } },
  'session.revoked': {
    ...user('One session was ended by its owner, or as the oldest of too many.'),
    details: { session: id, reason: oneOf('OWNER', 'TOO_MANY') },
  },
  'sessions.revoked': {
    ...user('A person ended all sessions but the current one.'),
    details: { endedSessions: count },
  },
  'session.reuse_detected': {
    says: 'A refresh token came back that had been used up: the session was ended, since two hold its tokens.',
    outcome: 'DENIED',
    subject: 'user',
    details: { session: id, presented: count, current: count },
  },
  'service_token.issued': {
    ...user('An access token for another service was given out.'),
    details: { session: id, audience: name },
  },
  'personal_data.exported': user('A person took a copy of all that is stored about them.'),
  'user.erased': {
    ...user(
      'A person was erased, by themselves or after a restore: what was sealed under their key, here too, opens no more.',
    ),
    details: { by: oneOf('OWNER', 'RESTORE') },
  },
  'user.erased_by_administrator': {
    ...user('An administrator erased a person; the reason is the administrator’s, sealed under their key.'),
    personal: ['reason'],
    power: true,
  },
  'login.failed': {
    says: 'A login was refused. For an address that nobody has, the address is kept under the key of its day.',
    outcome: 'FAILED',
    subject: 'user',
    details: {
      reason: oneOf('UNKNOWN_ADDRESS', 'WRONG_PASSWORD', 'NO_PASSWORD', 'EMAIL_NOT_VERIFIED', 'ACCOUNT_DISABLED'),
    },
    personal: ['address'],
  },
  'reauthentication.failed': {
    says: 'A logged-in person’s proof was wrong.',
    outcome: 'FAILED',
    subject: 'user',
    details: { session: id, reason: oneOf('WRONG_PASSWORD', 'WRONG_CODE', 'WRONG_PASSKEY') },
  },
  'password.changed': {
    ...user('A person changed their password.'),
    details: { endedSessions: count },
  },
  'password.rehashed': user('A password was hashed again at login, with newer parameters or another pepper.'),
  'password.reset_requested': {
    ...user('A mail to set another password was asked for.'),
    personal: ['address'],
  },
  'password.reset': {
    ...user('A password was set by a token from a mail.'),
    details: { by: oneOf('RESET_TOKEN', 'SET_PASSWORD_TOKEN'), endedSessions: count },
  },
  'profile.updated': { ...user('A person changed their profile.'), details: { fields: profileFields } },
  'user.created': {
    ...user('An account was made by an administrator or on the command line.'),
    details: { roles: ids, verified: flag },
    power: true,
  },
  'user.disabled': {
    ...user('An administrator shut a person out, for the reason that is kept here; every session ended.'),
    details: { endedSessions: count },
    personal: ['reason'],
    power: true,
  },
  'user.enabled': { ...user('An administrator let a person in again.'), power: true },
  'user.sessions_revoked': {
    ...user('An administrator ended every session of a person.'),
    details: { endedSessions: count },
    power: true,
  },
  'role.created': { ...role('A role was made.'), details: { name, permissions } },
  'role.updated': {
    ...role('A role was changed, for all who hold it; its permissions before and after.'),
    details: { name, before: permissions, after: permissions },
  },
  'role.deleted': { ...role('A role that nobody held was deleted.'), details: { name, permissions } },
  'role.unassigned': { ...user('A role was taken away from a person.'), details: { role: id }, power: true },
  'role.assigned': { ...user('A role was given to a person.'), details: { role: id }, power: true },
  'users.read': {
    says: 'A page of users was read: whom it showed, and what they were chosen by.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { users: ids, filters: someOf('email', 'status', 'role', 'createdAfter', 'createdBefore') },
    power: true,
  },
  'user.read': { ...user('Another person was read.'), power: true },
  'sessions.read': {
    says: 'The live sessions of other persons were read.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { users: ids },
    power: true,
  },
  'access.denied': {
    says: 'A rule refused a root field to a known actor, or any mutation to anybody.',
    outcome: 'DENIED',
    subject: 'none',
    details: { field: name, operation: oneOf('QUERY', 'MUTATION', 'SUBSCRIPTION'), code: oneOf(...ERROR_CODES) },
  },
  'access.hidden': {
    says: 'An operation asked for values of others that the actor may not read, and got null; once an operation.',
    outcome: 'DENIED',
    subject: 'none',
    details: { fields: count },
  },
  'mutation.failed': {
    says: 'A mutation failed for another reason than a rule, and changed nothing.',
    outcome: 'FAILED',
    subject: 'none',
    details: { field: name, code: oneOf(...ERROR_CODES) },
  },
  'limit.exceeded': {
    says: 'A limit refused somebody: once at the first refusal of its window, and once with the count when the window ended. `busy.` before a mutation’s name is no limit of anybody’s: the server had too much to do, and counts everybody together.',
    outcome: 'DENIED',
    subject: 'none',
    details: { limit: name, stage: oneOf('FIRST', 'TOTAL'), refused: count, windowSeconds: count },
  },
  'signing_key.created': { ...key('A key for access tokens was made.'), details: { alg: oneOf('EdDSA', 'ES256') } },
  'signing_key.rotated': { ...key('A key began to sign access tokens; the one before it signs no more.'), details: {} },
  'signing_key.revoked': {
    ...key('A key for access tokens was revoked, and with it every token that it signed.'),
    details: {},
  },
  'key.added': { ...key('A root key was added to the keyring; nothing is made with it yet.'), details: { purpose } },
  'key.activated': { ...key('A root key became the one that new values are made with.'), details: { purpose } },
  'key.moved': {
    ...key('Rows were moved from other keys of the purpose to this one.'),
    details: { purpose, rows: count },
  },
  'key.retired': {
    ...key('A root key that no row needs any more was taken out of the keyring.'),
    details: { purpose },
  },
  'data_key.replaced': user('A person got another data key, and all that is theirs was sealed again under it.'),
  'sessions.ended_all': {
    says: 'An operator ended sessions of everybody; one event for each batch.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { endedSessions: count, users: count },
  },
  'mail.abandoned': {
    says: 'A mail was given up and deleted, unsent.',
    outcome: 'FAILED',
    subject: 'user',
    details: { mail: name, reason: oneOf('TOO_OLD', 'UNREADABLE'), attempts: count },
  },
  'seal.broken': {
    says: 'A sealed value did not open: it was changed, moved or cut.',
    outcome: 'FAILED',
    subject: 'row',
    details: { table: name, column: name },
  },
  'audit_key.introduced': {
    ...key('A key that signs the heads of this trail was introduced, by the one before or, the first, by itself.'),
    details: { fingerprint: name, by: name },
  },
  'audit.unsealable': {
    says: 'Events in the sealer’s queue were changed, planted or deleted: they are not sealed. Names the first of them.',
    outcome: 'FAILED',
    subject: 'row',
    details: { fault: oneOf('BROKEN', 'KEY_MISSING', 'GONE'), events: count },
  },
  'audit.restore_acknowledged': {
    says: 'An operator said that the batches up to this one were lost to a restored backup.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { lostBatch: count, lostHead: name },
  },
  'audit.dropped': {
    says: 'The oldest batches of this trail, up to this one, had their time (AUDIT_RETENTION_DAYS) and were deleted.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { lastBatch: count, events: count },
  },
  'audit.verified': {
    says: 'The whole trail was verified, and was intact.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { events: count },
  },
  'audit.broken': {
    says: 'A verification found the trail changed. Names the first event found changed, missing or out of place.',
    outcome: 'FAILED',
    subject: 'row',
    details: { fault: oneOf(...TRAIL_FAULTS), events: count },
  },
  'audit.read': {
    says: 'A page of this trail was read: how many events it showed, and what they were chosen by.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { events: count, filters: someOf('types', 'outcome', 'actorId', 'subjectId', 'after', 'before') },
    power: true,
  },
  'audit.exported': {
    says: 'Sealed events were exported, or one was proved, on the command line.',
    outcome: 'SUCCESS',
    subject: 'none',
    details: { format: oneOf('JSONL', 'CEF', 'PROOF'), events: count },
    power: true,
  },
  'audit.revealed': {
    says: 'One event was proved on the command line with what is personal in it: whoever got the file can read these fields of it.',
    outcome: 'SUCCESS',
    subject: 'row',
    details: { fields: someOf('origin', 'subject') },
    power: true,
  },
  'audit.overflowed': {
    says: 'Refusals came faster than they could be written; so many are not in the trail.',
    outcome: 'FAILED',
    subject: 'none',
    details: { dropped: count },
  },
} as const satisfies Readonly<Record<string, EventSpec>>;

export type EventType = keyof typeof EVENT_TYPES;
type SpecOf<T extends EventType> = (typeof EVENT_TYPES)[T];

/** `{}` would let the compiler take any object. */
type Nothing = Readonly<Record<string, never>>;

export type DetailsOf<T extends EventType> = keyof SpecOf<T>['details'] extends never
  ? Nothing
  : {
      readonly [F in keyof SpecOf<T>['details']]: SpecOf<T>['details'][F] extends DetailField
        ? DetailValue<SpecOf<T>['details'][F]>
        : never;
    };

/** The personal fields that events of this type may carry. */
export type PersonalOf<T extends EventType> =
  SpecOf<T> extends { personal: readonly (infer F extends PersonalField)[] } ? { readonly [P in F]?: string } : Nothing;

/** Details as they stand in the row. */
export type StoredDetails = { readonly [field: string]: string | number | boolean | readonly string[] };
