import type { EntityManager } from 'typeorm';
import type { AuditEventEntity } from '../audit/audit-event.entity.ts';
import type { DayKeys } from '../audit/day-keys.ts';
import { countEventsOfPerson, findEventsOfPerson } from '../audit/events-of-person.repository.ts';
import { openOrigin, openPersonal } from '../audit/open-event.ts';
import type { SealingKey } from '../crypto/keyring.ts';
import type { UserId } from '../platform/ids.ts';

const PAGE = 1_000;
/** Some tens of megabytes of answer. Whoever has more gets the newest, and is told how many are left. */
const MOST_EVENTS = 50_000;

interface Person {
  readonly userId: UserId;
  /** All data keys of theirs by id, those from before a reseal too. */
  readonly keys: ReadonlyMap<string, SealingKey>;
}

/** The person's part of the audit trail, newest first, and how many older events did not fit. */
export async function collectEvents(
  tx: EntityManager,
  person: Person,
  dayKeys: DayKeys,
): Promise<{ auditEvents: readonly object[]; olderAuditEvents: number }> {
  const events: object[] = [];
  const days = new Map<string, SealingKey | undefined>();
  const dayKey = async (id: string) => {
    if (!days.has(id)) days.set(id, await dayKeys.findById(tx, id));
    return days.get(id);
  };
  let before: AuditEventEntity | undefined;
  do {
    const page = await findEventsOfPerson(tx, person.userId, { before, limit: PAGE });
    for (const event of page) events.push(await toMember(event, person, dayKey));
    before = page.length === PAGE ? page.at(-1) : undefined;
  } while (before && events.length < MOST_EVENTS);
  const total = before ? await countEventsOfPerson(tx, person.userId) : events.length;
  return { auditEvents: events, olderAuditEvents: total - events.length };
}

type FindKey = (id: string) => Promise<SealingKey | undefined>;

/** What others did to the person is told without who they are and where they were; what the person did to others, without whom. */
async function toMember(event: AuditEventEntity, person: Person, dayKey: FindKey): Promise<object> {
  const isActor = event.actorId === person.userId;
  const isSubject = event.subjectId === person.userId;
  const keyOf = (kind: string | null, id: string | null) =>
    id === null ? undefined : kind === 'DAY' ? dayKey(id) : person.keys.get(id);
  const originKey = isActor ? await keyOf(event.originKeyKind, event.originKeyId) : undefined;
  const subjectKey = isSubject ? await keyOf(event.subjectKeyKind, event.subjectKeyId) : undefined;
  const origin = originKey ? openOrigin(event, originKey) : null;
  return {
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    outcome: event.outcome,
    by: isActor ? 'SELF' : event.actorKind,
    about: isSubject ? 'SELF' : 'OTHER',
    operationName: isActor ? event.operationName : null,
    requestId: isActor ? event.requestId : null,
    ip: origin?.ip ?? null,
    userAgent: origin?.userAgent ?? null,
    details: isSubject ? event.details : null,
    personal: subjectKey ? openPersonal(event, subjectKey) : null,
  };
}
