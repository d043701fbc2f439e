import type { SealingKey } from '../crypto/keyring.ts';
import type { UserId } from '../platform/ids.ts';
import { type AnyId, fits, type Name } from './event-details.ts';
import { type DetailsOf, EVENT_TYPES, type EventSpec, type EventType, type PersonalOf } from './event-types.ts';

/** In which request; the context of a GraphQL operation is one. */
export interface EventRequest {
  readonly requestId: string;
  readonly operationName: string | null;
  readonly origin: { readonly ip: string; readonly userAgent: string | null };
}

/**
 * Who did it, and in which request (absent on the command line and in the server's own work). `key` is that person's data key:
 * with it, where they came from is theirs to have erased.
 */
export type Actor = { readonly request?: EventRequest | undefined } & (
  | { readonly kind: 'ANONYMOUS' | 'SYSTEM' }
  | { readonly kind: 'USER'; readonly id: UserId; readonly key?: SealingKey | undefined }
  | { readonly kind: 'SERVICE' | 'OPERATOR'; readonly id: Name }
);

/**
 * The same actor with no more of their request than an event tells. What waits must hold nothing else: a request's context leads to
 * its body and its socket, and ten thousand that wait would be a gigabyte that clients fill.
 */
export function detach(by: Actor): Actor {
  if (by.request === undefined) return by;
  const { requestId, operationName, origin } = by.request;
  return { ...by, request: { requestId, operationName, origin } };
}

/** The data key of an actor who has one: their own words may stand under it. */
export const ownKey = (by: Actor): SealingKey | undefined => (by.kind === 'USER' ? by.key : undefined);

/** The same actor for what waits longer than a data key may stay unwrapped: where they came from is then sealed under the day's key. */
export const withoutKey = (by: Actor): Actor => (by.kind === 'USER' ? { ...by, key: undefined } : by);

/** An event to be recorded. Its outcome, and which details and personal fields it has, follow from its type. */
export type AuditEvent<T extends EventType = EventType> = {
  readonly [K in T]: {
    readonly type: K;
    readonly by: Actor;
    /** Whom or what it was done to. */
    readonly subjectId?: AnyId | Name | undefined;
    readonly details: DetailsOf<K>;
    readonly personal?: PersonalOf<K> | undefined;
    /** The subject's data key: `personal` is sealed under it. */
    readonly subjectKey?: SealingKey | undefined;
  };
}[T];

function fail(type: string, problem: string): never {
  throw new TypeError(`Audit event ${type}: ${problem}`);
}

/**
 * Throws a TypeError for an event that its type does not describe: a programmer's mistake that got past the compiler. The message
 * names fields, never values.
 */
export function checkEvent(event: AuditEvent): void {
  const spec: EventSpec = EVENT_TYPES[event.type];
  const personal: Readonly<Record<string, unknown>> = event.personal ?? {};
  const details: Readonly<Record<string, unknown>> = event.details;
  for (const [field, kind] of Object.entries(spec.details)) {
    if (!fits(kind, details[field])) fail(event.type, `"${field}" is not what the type says`);
  }
  for (const field of Object.keys(details)) {
    if (!Object.hasOwn(spec.details, field)) fail(event.type, `it has no detail "${field}"`);
  }
  for (const field of Object.keys(personal)) {
    if (!spec.personal?.some((known) => known === field)) fail(event.type, `it has no personal field "${field}"`);
  }
  // Under a day key it would outlast the person's erasure, and be gone after 30 days for everybody else.
  if (Object.keys(personal).length > 0 && event.subjectId !== undefined && event.subjectKey === undefined) {
    fail(event.type, 'what is personal about a known person needs that person’s key');
  }
}
