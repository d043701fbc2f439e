import { describe, expect, test } from '@jest/globals';
import { type AuditEvent, checkEvent } from '../../../src/audit/audit-event.ts';
import { toName } from '../../../src/audit/event-details.ts';
import { EVENT_TYPES, type EventSpec, type EventType } from '../../../src/audit/event-types.ts';
import { toSealingKey } from '../../../src/crypto/sealed.ts';
import { ERROR_CODES } from '../../../src/platform/errors.ts';
import type { SessionId, UserId } from '../../../src/platform/ids.ts';

const by = { kind: 'ANONYMOUS' } as const;
const session = '019364a1-7c3a-7000-8000-00000000000c' as SessionId;
const userId = '019364a1-7c3a-7000-8000-00000000000a' as UserId;
const key = toSealingKey('019364a1-7c3a-7000-8000-00000000000d', Buffer.alloc(32, 7));

const failed = (details: unknown) => ({ type: 'login.failed', by, details }) as AuditEvent;

const POWER = [
  ...['audit.exported', 'audit.read', 'audit.revealed', 'registration.replaced'],
  ...['role.assigned', 'role.created', 'role.deleted', 'role.unassigned', 'role.updated', 'sessions.read'],
  ...['user.created', 'user.disabled', 'user.enabled', 'user.erased_by_administrator', 'user.read'],
  ...['user.sessions_revoked', 'users.read'],
];

describe('the types of events', () => {
  test.each(Object.entries<EventSpec>(EVENT_TYPES))(
    '%s is dotted and past tense, and says what happened',
    (type, spec) => {
      expect(type).toMatch(/^[a-z]+(_[a-z]+)*\.[a-z_]+$/);
      expect(spec.says).toMatch(/^[A-Z`].*\.$/);
    },
  );

  // Where such an act came from must outlive the key of its day, and the erasure of whoever did it.
  test('of permissions over others are these', () => {
    const ofPower = Object.entries<EventSpec>(EVENT_TYPES).filter(([, { power }]) => power === true);
    expect(ofPower.map(([type]) => type).sort()).toEqual(POWER);
  });

  test('know every code that an operation can be refused with', () => {
    expect(EVENT_TYPES['access.denied'].details.code.values).toEqual(ERROR_CODES);
    expect(EVENT_TYPES['mutation.failed'].details.code.values).toEqual(ERROR_CODES);
  });

  test('take no free text, no stranger and nothing less, says the compiler', () => {
    const events: AuditEvent[] = [
      { type: 'session.ended', by, details: { session } },
      // @ts-expect-error a string is no id
      { type: 'session.ended', by, details: { session: 'hunter2 is my password' } },
      // @ts-expect-error there is no such detail
      { type: 'session.ended', by, details: { session, password: 'hunter2' } },
      // @ts-expect-error nor here, where there are none
      { type: 'user.registered', by, details: { password: 'hunter2' } },
      // @ts-expect-error one is missing
      { type: 'session.ended', by, details: {} },
      // @ts-expect-error not of the list
      { type: 'login.failed', by, details: { reason: 'hunter2' } },
      // @ts-expect-error a string is no name
      { type: 'mutation.failed', by, details: { field: 'hunter2', code: 'BUSY' } },
      // @ts-expect-error this type has nothing personal
      { type: 'session.ended', by, details: { session }, personal: { address: 'a@example.com' } },
      // @ts-expect-error no such type
      { type: 'session.stolen', by, details: {} },
    ];
    expect(events).toHaveLength(9);
  });
});

describe('an event is checked once more when it is recorded', () => {
  test('and passes when it is as its type says', () => {
    expect(() => checkEvent(failed({ reason: 'WRONG_PASSWORD' }))).not.toThrow();
    expect(() => checkEvent({ type: 'session.ended', by, details: { session } })).not.toThrow();
    const fields = ['bio', 'locale'] as const;
    expect(() => checkEvent({ type: 'profile.updated', by, details: { fields } })).not.toThrow();
  });

  test.each<[string, unknown]>([
    ['a value that is not of the list', { reason: 'hunter2' }],
    ['a detail too many', { reason: 'WRONG_PASSWORD', password: 'hunter2' }],
    ['a detail too few', {}],
  ])('and refused for %s, without repeating the value', (_, details) => {
    expect(() => checkEvent(failed(details))).toThrow(TypeError);
    expect(() => checkEvent(failed(details))).not.toThrow('hunter2');
  });

  test.each<[string, unknown]>([
    ['a text for an id', { session: 'hunter2', presented: 1, current: 2 }],
    ['a fraction for a count', { session, presented: 0.5, current: 2 }],
    ['a text for a count', { session, presented: '1', current: 2 }],
  ])('and refused for %s', (_, details) => {
    expect(() => checkEvent({ type: 'session.reuse_detected', by, details } as AuditEvent)).toThrow(TypeError);
  });

  test('and refused for a field of a list that is not of the list', () => {
    const event = { type: 'profile.updated', by, details: { fields: ['bio', 'hunter2'] } } as unknown as AuditEvent;
    expect(() => checkEvent(event)).toThrow('"fields" is not what the type says');
  });

  test('and refused for an id of a list that is none, and a flag that is none', () => {
    const created = (details: object) => checkEvent({ type: 'user.created', by, details } as AuditEvent);
    expect(() => created({ roles: [session], verified: true })).not.toThrow();
    expect(() => created({ roles: [session, 'hunter2'], verified: true })).toThrow('"roles" is not what the type says');
    expect(() => created({ roles: [], verified: 'hunter2' })).toThrow('"verified" is not what the type says');
  });

  test('and refused for a personal value that its type does not have', () => {
    const event = { type: 'session.ended', by, details: { session }, personal: { address: 'anna@example.com' } };
    expect(() => checkEvent(event as unknown as AuditEvent)).toThrow('it has no personal field "address"');
  });

  test('and refused for a personal value about a known person without that person’s key', () => {
    const event = { type: 'email.changed', by, details: { endedSessions: 1 }, personal: { address: 'a@example.com' } };
    const of = (more: object) => ({ ...event, ...more }) as AuditEvent;
    expect(() => checkEvent(of({ subjectId: userId }))).toThrow(TypeError);
    expect(() => checkEvent(of({ subjectId: userId, subjectKey: key }))).not.toThrow();
    expect(() => checkEvent(of({}))).not.toThrow();
  });
});

describe('a name in an event', () => {
  test.each([
    'User.email',
    'login',
    'https://billing.example.com/api',
    'w1',
    'wrong-passwords_per:client',
    '-qX7_base64url',
  ])('may be %s', (text) => {
    expect(toName(text)).toBe(text);
  });

  test.each(['', 'anna@example.com', 'two words', 'Zoë', 'a\nb', '.', '/etc', 'x'.repeat(129), '$2b$10$abc'])(
    'may not be %j',
    (text) => {
      expect(() => toName(text)).toThrow(TypeError);
    },
  );

  test('is typed, so that it comes from here alone', () => {
    const name: EventType = 'user.registered';
    expect(toName(name)).toBe(name);
  });
});
