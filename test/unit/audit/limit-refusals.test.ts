import { describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import { LimitRefusals } from '../../../src/audit/limit-refusals.ts';
import { toSealingKey } from '../../../src/crypto/sealed.ts';
import type { UserId } from '../../../src/platform/ids.ts';
import { ManualClock } from '../../support/clock.ts';
import { recordingLogger } from '../../support/recording-logger.ts';

const by = { kind: 'ANONYMOUS' } as const;

function makeRefusals(maxWindows = 100) {
  const events: AuditEvent[] = [];
  const clock = new ManualClock();
  const logger = recordingLogger();
  const refusals = new LimitRefusals({ record: (event) => events.push(event), clock, logger, maxWindows });
  const refuse = (key = 'a', limit = 'login') => refusals.refused({ limit, key, windowSeconds: 60, by });
  const facts = () => events.map(({ details }) => details as Record<string, unknown>);
  return { refusals, refuse, events, facts, clock, logger };
}

describe('the refusals of a limit', () => {
  test('are one event at once, and one with the count when the window has ended', () => {
    const { refusals, refuse, facts, clock } = makeRefusals();
    for (let index = 0; index < 1_000; index += 1) refuse();
    expect(facts()).toEqual([{ limit: 'login', stage: 'FIRST', refused: 1, windowSeconds: 60 }]);
    clock.advanceSeconds(59);
    refusals.sweep();
    expect(facts()).toHaveLength(1);
    clock.advanceSeconds(1);
    refusals.sweep();
    expect(facts()).toEqual([
      { limit: 'login', stage: 'FIRST', refused: 1, windowSeconds: 60 },
      { limit: 'login', stage: 'TOTAL', refused: 1_000, windowSeconds: 60 },
    ]);
  });

  test('keep no more of a request than their events tell', () => {
    const { refusals, events, clock } = makeRefusals();
    const told = { requestId: 'r1', operationName: null, origin: { ip: '192.0.2.1', userAgent: null } };
    const request = { ...told, body: 'x'.repeat(100_000) };
    for (let index = 0; index < 2; index += 1) {
      refusals.refused({ limit: 'login', key: 'a', windowSeconds: 60, by: { kind: 'ANONYMOUS', request } });
    }
    clock.advanceSeconds(60);
    refusals.sweep();
    expect(events.map((event) => event.by)).toEqual([
      { kind: 'ANONYMOUS', request: told },
      { kind: 'ANONYMOUS', request: told },
    ]);
  });

  test('keep nobody’s data key while their window lasts', () => {
    const { refusals, events, clock } = makeRefusals();
    const id = '019364a1-7c3a-7000-8000-00000000000a' as UserId;
    const key = toSealingKey('k', Buffer.alloc(32));
    for (let index = 0; index < 2; index += 1) {
      refusals.refused({ limit: 'login', key: 'a', windowSeconds: 60, by: { kind: 'USER', id, key } });
    }
    clock.advanceSeconds(60);
    refusals.sweep();
    expect(events.map((event) => event.by)).toEqual([
      { kind: 'USER', id, key },
      { kind: 'USER', id, key: undefined },
    ]);
  });

  test('are one event alone where no second one followed', () => {
    const { refusals, refuse, facts, clock } = makeRefusals();
    refuse();
    clock.advanceSeconds(60);
    refusals.sweep();
    expect(facts()).toHaveLength(1);
  });

  test('are told apart by key and by limit', () => {
    const { refuse, facts } = makeRefusals();
    refuse('a');
    refuse('b');
    refuse('a', 'register');
    refuse('a');
    expect(facts().map(({ limit, stage }) => [limit, stage])).toEqual([
      ['login', 'FIRST'],
      ['login', 'FIRST'],
      ['register', 'FIRST'],
    ]);
  });

  test('of everybody together are one count, which is the server’s own: the first one names who it was', () => {
    const { refusals, events, clock } = makeRefusals();
    for (const ip of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      const request = { requestId: 'r1', operationName: null, origin: { ip, userAgent: null } };
      const key = undefined;
      refusals.refused({ limit: 'busy.login', key, windowSeconds: 60, by: { kind: 'ANONYMOUS', request } });
    }
    clock.advanceSeconds(60);
    refusals.sweep();
    expect(events.map(({ by: { kind, request }, details }) => [kind, request?.origin.ip, details])).toEqual([
      ['ANONYMOUS', '192.0.2.1', { limit: 'busy.login', stage: 'FIRST', refused: 1, windowSeconds: 60 }],
      ['SYSTEM', undefined, { limit: 'busy.login', stage: 'TOTAL', refused: 3, windowSeconds: 60 }],
    ]);
  });

  test('begin a new window after the old one, also when nobody swept in between', () => {
    const { refuse, facts, clock } = makeRefusals();
    refuse();
    refuse();
    clock.advanceSeconds(60);
    refuse();
    expect(facts().map(({ stage, refused }) => [stage, refused])).toEqual([
      ['FIRST', 1],
      ['TOTAL', 2],
      ['FIRST', 1],
    ]);
  });

  test('never hold the key in an event: it may be a keyed address', () => {
    const { refuse, events } = makeRefusals();
    refuse('secret-key');
    expect(JSON.stringify(events)).not.toContain('secret-key');
  });

  test('take bounded memory: further keys are counted in the log', () => {
    const { refusals, refuse, facts, logger } = makeRefusals(2);
    for (const key of ['a', 'b', 'c', 'd', 'c']) refuse(key);
    expect(facts()).toHaveLength(2);
    refusals.sweep();
    refusals.sweep();
    expect(logger.lines.map((line) => [line.level, line.facts])).toEqual([['error', { refused: 3 }]]);
  });

  test('tell their counts when the server stops', () => {
    const { refusals, refuse, facts } = makeRefusals();
    refusals.start();
    refuse();
    refuse();
    refusals.stop();
    expect(facts().at(-1)).toEqual({ limit: 'login', stage: 'TOTAL', refused: 2, windowSeconds: 60 });
  });
});
