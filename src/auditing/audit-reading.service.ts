import type { DataSource, EntityManager } from 'typeorm';
import type { RequestContext } from '../access/request-context.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { OriginValue } from '../audit/commitment.ts';
import { type AuditOutcome, EVENT_TYPES, type EventType } from '../audit/event-types.ts';
import { openOrigin, openPersonal } from '../audit/open-event.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { unwrapDayKey } from '../crypto/day-keys.ts';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import type { PageCursors } from '../crypto/page-cursors.ts';
import { badInput } from '../platform/bad-input.ts';
import type { Clock } from '../platform/clock.ts';
import { parseId, type UserId } from '../platform/ids.ts';
import { DEFAULT_PAGE_ROWS, type Page, rowsOfPage, toPage, type WantedPage } from '../platform/pages.ts';
import { inTransaction } from '../platform/transaction.ts';
import { holdActor } from '../users/held-actor.repository.ts';
import { ownAct } from '../users/own-act.ts';
import type { ViewerWithUser } from '../users/profile.service.ts';
import type { UserRecord } from '../users/user.record.ts';
import {
  type EventChoice,
  findDataKeys,
  findDayKeys,
  findEventPage,
  findUsersByIds,
  type ListedEvent,
} from './audit-pages.repository.ts';

interface AuditReadingParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly keyring: Keyring;
  readonly dataKeys: DataKeys;
  readonly cursors: PageCursors;
  readonly clock: Clock;
}

/** Which events, as a client asks for them; null is the same as left out. */
export interface EventFilter {
  readonly types?: readonly string[] | null | undefined;
  readonly outcome?: AuditOutcome | null | undefined;
  readonly actorId?: string | null | undefined;
  readonly subjectId?: string | null | undefined;
  readonly after?: Date | null | undefined;
  readonly before?: Date | null | undefined;
}

/** An event as far as its reader may see it. */
export interface ReadEvent extends Omit<ListedEvent, 'details' | 'origin' | 'subjectData'> {
  readonly actor: UserRecord | undefined;
  /** Where the actor came from; null once the key that sealed it is gone. Throws SealBroken, of this event alone. */
  readonly openOrigin: () => OriginValue | null;
  /** What its type tells besides, with what is personal as far as its reader may see that. Throws SealBroken. */
  readonly openDetails: () => object;
}

const FILTERS = ['types', 'outcome', 'actorId', 'subjectId', 'after', 'before'] as const;
const ORDER = 'at id desc';

/** The trail for whoever holds AUDIT_READ. That it was read is an event of it, in the same transaction: without it no answer. */
export class AuditReadingService {
  readonly #parts: AuditReadingParts;

  constructor(parts: AuditReadingParts) {
    this.#parts = parts;
  }

  /** A page, newest first. The caller's rule has asked for AUDIT_READ. BAD_USER_INPUT for a type that there is not, and for a cursor of another list. */
  async list(
    context: RequestContext<ViewerWithUser>,
    { first, after, filter }: WantedPage<EventFilter>,
  ): Promise<Page<ReadEvent>> {
    const { cursors, database, audit, dataKeys, clock } = this.#parts;
    const given = givenOf(filter ?? {});
    const query = { name: 'auditEvents', order: ORDER, filter: given };
    const choice = toChoice(given);
    const window = { first: first ?? DEFAULT_PAGE_ROWS, after: cursors.parse(query, after) };
    const viewer = await context.getViewer();
    return inTransaction(database, async (tx) => {
      await holdActor(tx, viewer, clock.now());
      const found = await findEventPage(tx, choice, window);
      const shown = rowsOfPage(found, window);
      const prepared = await this.#prepareAll(tx, shown, viewer);
      const details = { events: shown.length, filters: FILTERS.filter((name) => given[name] !== undefined) };
      await audit.record(tx, { type: 'audit.read', by: ownAct(context, viewer.user, dataKeys).by, details });
      return toPage(
        found,
        window,
        (event) => prepared.get(event.id) ?? missing(event.id),
        ({ at, id }) => cursors.format(query, { at, id }),
      );
    });
  }

  /** All that a page needs, in a fixed number of statements; nothing is opened yet. */
  async #prepareAll(
    tx: EntityManager,
    events: readonly ListedEvent[],
    viewer: ViewerWithUser,
  ): Promise<ReadonlyMap<string, ReadEvent>> {
    const { keyring, dataKeys } = this.#parts;
    const keys = new Map<string, () => SealingKey>();
    for (const row of await findDataKeys(tx, keyIds(events, 'DATA')))
      keys.set(`DATA ${row.id}`, () => dataKeys.unwrap(row));
    for (const row of await findDayKeys(tx, keyIds(events, 'DAY')))
      keys.set(`DAY ${row.id}`, () => unwrapDayKey(keyring, row));
    const actorIds = events.flatMap(({ actorKind, actorId }) => (actorKind === 'USER' && actorId ? [actorId] : []));
    const users = await findUsersByIds(
      tx,
      [...new Set(actorIds)].filter((id) => parseId<UserId>(id) === id),
    );
    const actors = new Map<string, UserRecord>(users.map((user) => [user.id, user]));
    const keyOf = (kind: string | null, id: string | null) => keys.get(`${kind} ${id}`)?.();
    return new Map(
      events.map((event) => {
        const openDetails = once(() => {
          const key = keyOf(event.subjectKeyKind, event.subjectKeyId);
          const { address, ...others } = (key && openPersonal(event, key)) ?? {};
          // As with `User.email`: whom an address is of is no business of an auditor's.
          const mayReadAddress = viewer.permissions.has('USERS_READ') || event.subjectId === viewer.userId;
          return { ...event.details, ...others, ...(mayReadAddress && address !== undefined ? { address } : {}) };
        });
        const openOwnOrigin = once(() => {
          const key = keyOf(event.originKeyKind, event.originKeyId);
          return key ? openOrigin(event, key) : null;
        });
        const actor = event.actorKind === 'USER' ? actors.get(event.actorId ?? '') : undefined;
        return [event.id, { ...event, actor, openOrigin: openOwnOrigin, openDetails }];
      }),
    );
  }
}

/**
 * Opens at the first question. What does not open answers each one by the same error, so that it is told of once: it fails its own
 * fields, never the page, or one damaged cell would hide the trail around it.
 */
function once<T>(open: () => T): () => T {
  let opened: { readonly value: T } | { readonly error: unknown } | undefined;
  const tried = () => {
    try {
      return { value: open() };
    } catch (error) {
      return { error };
    }
  };
  return () => {
    opened ??= tried();
    if ('error' in opened) throw opened.error;
    return opened.value;
  };
}

function missing(id: string): never {
  throw new TypeError(`The event ${id} was not prepared`);
}

const keyIds = (events: readonly ListedEvent[], kind: 'DATA' | 'DAY'): readonly string[] => [
  ...new Set(
    events.flatMap((event) => [
      ...(event.originKeyKind === kind && event.originKeyId ? [event.originKeyId] : []),
      ...(event.subjectKeyKind === kind && event.subjectKeyId ? [event.subjectKeyId] : []),
    ]),
  ),
];

/** What of a filter is given: null counts as left out, an id in upper case is the same id. */
const givenOf = ({ types, outcome, actorId, subjectId, after, before }: EventFilter) => ({
  types: types ? [...new Set(types)].sort() : undefined,
  outcome: outcome ?? undefined,
  actorId: toId(actorId),
  subjectId: toId(subjectId),
  after: after ?? undefined,
  before: before ?? undefined,
});

const toId = (text: string | null | undefined) => (text ? (parseId<UserId>(text) ?? text) : (text ?? undefined));
const isType = (text: string): text is EventType => Object.hasOwn(EVENT_TYPES, text);

/** An outcome follows from the type, so it is a choice of types. */
function toChoice({ types, outcome, ...rest }: ReturnType<typeof givenOf>): EventChoice {
  if (types && !types.every(isType)) {
    const message = 'There is no event of this type: docs/audit-events.md lists them.';
    throw badInput([{ path: ['filter', 'types'], code: 'NOT_ALLOWED', message }]);
  }
  if (!outcome) return { ...rest, types };
  const ended = Object.keys(EVENT_TYPES).filter((type) => isType(type) && EVENT_TYPES[type].outcome === outcome);
  return { ...rest, types: types ? types.filter((type) => ended.includes(type)) : ended };
}
