import type { EntityManager } from 'typeorm';
import type { Keyring, SealingKey } from '../crypto/keyring.ts';
import { seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import { inPools, type Random, uuidv7 } from '../platform/random.ts';
import { changeAndInsertEvent, insertEvents, type OneStatementChange } from './audit.repository.ts';
import type { AuditEventEntity } from './audit-event.entity.ts';
import { type Actor, type AuditEvent, checkEvent } from './audit-event.ts';
import { EVENT_FORMAT } from './canonical-event.ts';
import { commitTo, type PersonalValues } from './commitment.ts';
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

/** A client chooses these: longer or stranger ones are cut or left out, and no event is lost for them. */
const USER_AGENT_CHARACTERS = 512;
const OPERATION_NAME = /^[_A-Za-z]\w{0,127}$/;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const matching = (pattern: RegExp, text: string | null | undefined) =>
  text !== null && text !== undefined && pattern.test(text) ? text : null;

/** Half a character, which no canonical form holds, becomes U+FFFD. */
const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');

const idOf = (actor: Actor) => ('id' in actor ? actor.id : null);

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
    const spec: EventSpec = EVENT_TYPES[event.type];
    const unsigned = {
      id,
      format: EVENT_FORMAT,
      at,
      type: event.type,
      outcome: spec.outcome,
      actorKind: event.by.kind,
      actorId: idOf(event.by),
      subjectId: event.subjectId ?? null,
      operationName: matching(OPERATION_NAME, event.by.request?.operationName),
      requestId: matching(REQUEST_ID, event.by.request?.requestId),
      node: this.#node,
      details: { ...event.details },
      ...(await this.#origin(manager, id, event.by, spec)),
      ...(await this.#subjectData(manager, id, event.subjectKey, event.personal)),
      auditKeyId: this.#keyring.active('audit').id,
    };
    return { ...unsigned, mac: eventMac(this.#keyring, unsigned) };
  }

  async #origin(manager: EntityManager, rowId: string, actor: Actor, spec: EventSpec) {
    if (actor.request === undefined) {
      return { origin: null, originKeyKind: null, originKeyId: null, originCommitment: null };
    }
    const own: KeyOfValue | undefined =
      actor.kind === 'USER' && actor.key !== undefined ? { kind: 'DATA', key: actor.key } : undefined;
    const { kind, key } = spec.power
      ? await this.#dayKey(manager, 'AUDIT_TRAIL')
      : (own ?? (await this.#dayKey(manager, 'DAYS_30')));
    const { ip, userAgent } = actor.request.origin;
    const value = { ip, userAgent: userAgent === null ? null : wellFormed(userAgent.slice(0, USER_AGENT_CHARACTERS)) };
    const { committed, commitment } = commitTo(value, this.#random);
    const place = { table: 'audit_events', column: 'origin', rowId };
    return {
      origin: seal(key, place, committed, this.#random),
      originKeyKind: kind,
      originKeyId: key.id,
      originCommitment: commitment,
    };
  }

  async #subjectData(
    manager: EntityManager,
    rowId: string,
    subjectKey: SealingKey | undefined,
    personal: PersonalValues = {},
  ) {
    if (Object.keys(personal).length === 0) {
      return { subjectData: null, subjectKeyKind: null, subjectKeyId: null, subjectCommitment: null };
    }
    const { kind, key } = subjectKey
      ? ({ kind: 'DATA', key: subjectKey } as const)
      : await this.#dayKey(manager, 'DAYS_30');
    const value: PersonalValues = Object.fromEntries(
      Object.entries(personal).map(([field, text]) => [field, wellFormed(text)]),
    );
    const { committed, commitment } = commitTo(value, this.#random);
    const place = { table: 'audit_events', column: 'subject_data', rowId };
    return {
      subjectData: seal(key, place, committed, this.#random),
      subjectKeyKind: kind,
      subjectKeyId: key.id,
      subjectCommitment: commitment,
    };
  }

  async #dayKey(manager: EntityManager, life: 'DAYS_30' | 'AUDIT_TRAIL'): Promise<KeyOfValue> {
    return { kind: 'DAY', key: await this.#dayKeys.getToday(manager, life) };
  }
}
