import type { EntityManager } from 'typeorm';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { inPools, type Random, uuidv7 } from '../platform/random.ts';
import { changeAndInsertEvent, insertEvents, type OneStatementChange } from './audit.repository.ts';
import type { AuditEventEntity } from './audit-event.entity.ts';
import { type Actor, type AuditEvent, checkEvent, type EventRequest } from './audit-event.ts';
import { EVENT_FORMAT } from './canonical-event.ts';
import type { CanonicalValue } from './canonical-json.ts';
import { commitTo, type OriginValue, type PersonalValues } from './commitment.ts';
import type { KeyKind } from './day-key.entity.ts';
import type { DayKeys } from './day-keys.ts';
import { eventMac } from './event-mac.ts';
import { EVENT_TYPES, type EventSpec } from './event-types.ts';

/** An event that has its id and time, and waits to be written. */
export interface StampedEvent {
  readonly id: string;
  readonly at: Date;
  readonly event: AuditEvent;
}

interface KeyOfValue {
  readonly kind: KeyKind;
  readonly key: SealingKey;
}

/** In place of the MAC of a row that is about to get one. */
const UNSIGNED = Buffer.alloc(0);

/** A client chooses these: longer or stranger ones are cut or left out, and no event is lost for them. */
const USER_AGENT_CHARACTERS = 512;
const OPERATION_NAME = /^[_A-Za-z]\w{0,127}$/;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const matching = (pattern: RegExp, text: string | null | undefined) =>
  text !== null && text !== undefined && pattern.test(text) ? text : null;

/** What is kept of where a request came from. Half a character, which no canonical form holds, becomes U+FFFD here and below. */
const originOf = ({ origin: { ip, userAgent } }: EventRequest): OriginValue => ({
  ip,
  userAgent: userAgent === null ? null : userAgent.slice(0, USER_AGENT_CHARACTERS).toWellFormed(),
});
const wellFormedOf = (personal: PersonalValues): PersonalValues =>
  Object.fromEntries(Object.entries(personal).map(([field, text]) => [field, text.toWellFormed()]));

/** Writes the audit trail: each event sealed where it is personal, and with a MAC that the database cannot make. */
export class AuditTrail {
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #random: Random;
  /** For ids alone. */
  readonly #pooled: Random;
  readonly #dayKeys: DayKeys;
  readonly #node: string;

  /** `node`: which server this is, as every event of it will say. */
  constructor(parts: { keyring: Keyring; clock: Clock; random: Random; dayKeys: DayKeys; node: string }) {
    this.#keyring = parts.keyring;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#pooled = inPools(parts.random);
    this.#dayKeys = parts.dayKeys;
    this.#node = parts.node;
  }

  /**
   * Writes the event in the transaction of the change that it tells of: both commit, or neither does. Answers the event's id.
   * Throws a TypeError for an event that its type does not describe.
   */
  async record(tx: EntityManager, event: AuditEvent): Promise<string> {
    const stamped = this.stamp(event);
    await this.write(tx, [stamped]);
    return stamped.id;
  }

  /**
   * The same where the change is one statement: the event goes with it and costs no round trip, nor does either need a
   * transaction. What the change answers; undefined where it was not made. Throws a TypeError as `record` does.
   */
  async recordWith<Row extends object>(
    manager: EntityManager,
    change: OneStatementChange,
    event: AuditEvent,
  ): Promise<Row | undefined> {
    return changeAndInsertEvent<Row>(manager, change, await this.#toRow(manager, this.stamp(event)));
  }

  /** Gives the event its id and time. Throws a TypeError as `record` does. */
  stamp(event: AuditEvent): StampedEvent {
    checkEvent(event);
    return { id: uuidv7(this.#clock, this.#pooled), at: this.#clock.now(), event };
  }

  /** Writes events in one statement. */
  async write(manager: EntityManager, events: readonly StampedEvent[]): Promise<void> {
    const rows: AuditEventEntity[] = [];
    for (const event of events) rows.push(await this.#toRow(manager, event));
    if (rows.length > 0) await insertEvents(manager, rows);
  }

  async #toRow(manager: EntityManager, { id, at, event }: StampedEvent): Promise<AuditEventEntity> {
    const { type, by, personal } = event;
    const spec: EventSpec = EVENT_TYPES[type];
    const originKey = by.request === undefined ? undefined : await this.#originKey(manager, by, spec);
    const origin = originKey && by.request && this.#sealValue(originKey, 'origin', id, originOf(by.request));
    const isPersonal = personal !== undefined && Object.keys(personal).length > 0;
    const subjectKey = isPersonal ? await this.#subjectKey(manager, event.subjectKey) : undefined;
    const subject = subjectKey && this.#sealValue(subjectKey, 'subject_data', id, wellFormedOf(personal ?? {}));
    const row: AuditEventEntity = {
      id,
      format: EVENT_FORMAT,
      at,
      type,
      outcome: spec.outcome,
      actorKind: by.kind,
      actorId: 'id' in by ? by.id : null,
      subjectId: event.subjectId ?? null,
      operationName: matching(OPERATION_NAME, by.request?.operationName),
      requestId: matching(REQUEST_ID, by.request?.requestId),
      node: this.#node,
      details: event.details,
      origin: origin?.sealed ?? null,
      originKeyKind: originKey?.kind ?? null,
      originKeyId: originKey?.key.id ?? null,
      originCommitment: origin?.commitment ?? null,
      subjectData: subject?.sealed ?? null,
      subjectKeyKind: subjectKey?.kind ?? null,
      subjectKeyId: subjectKey?.key.id ?? null,
      subjectCommitment: subject?.commitment ?? null,
      auditKeyId: this.#keyring.active('audit').id,
      mac: UNSIGNED,
    };
    row.mac = eventMac(this.#keyring, row);
    return row;
  }

  #sealValue<T extends CanonicalValue>({ key }: KeyOfValue, column: string, rowId: string, value: T) {
    const { committed, commitment } = commitTo(value, this.#random);
    return { sealed: seal(key, { table: 'audit_events', column, rowId }, committed, this.#random), commitment };
  }

  /** The actor's own key, so that their erasure takes it; of an event of power the trail's, which nobody's erasure may take. */
  #originKey(manager: EntityManager, by: Actor, { power }: EventSpec): KeyOfValue | Promise<KeyOfValue> {
    if (power) return this.#dayKey(manager, 'AUDIT_TRAIL');
    return by.kind === 'USER' && by.key ? { kind: 'DATA', key: by.key } : this.#dayKey(manager, 'DAYS_30');
  }

  #subjectKey(manager: EntityManager, key: SealingKey | undefined): KeyOfValue | Promise<KeyOfValue> {
    return key ? { kind: 'DATA', key } : this.#dayKey(manager, 'DAYS_30');
  }

  async #dayKey(manager: EntityManager, life: 'DAYS_30' | 'AUDIT_TRAIL'): Promise<KeyOfValue> {
    return { kind: 'DAY', key: await this.#dayKeys.getToday(manager, life) };
  }
}
