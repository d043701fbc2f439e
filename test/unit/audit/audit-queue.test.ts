import { describe, expect, test } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import { AuditQueue } from '../../../src/audit/audit-queue.ts';
import { toName } from '../../../src/audit/event-details.ts';
import { auditWriter } from '../../support/audit-writer.ts';
import { recordingLogger } from '../../support/recording-logger.ts';

const failure = (field: string): AuditEvent => ({
  type: 'mutation.failed',
  by: { kind: 'ANONYMOUS' },
  details: { field: toName(field), code: 'BUSY' },
});

const refusedByDatabase = () =>
  new QueryFailedError('INSERT', ['anna@example.com'], Object.assign(new Error('invalid'), { code: '22P02' }));

function makeQueue(options: { fail?: Parameters<typeof auditWriter>[0]; maxWaiting?: number } = {}) {
  const writer = auditWriter(options.fail);
  const logger = recordingLogger();
  const { maxWaiting = 100 } = options;
  return { ...writer, logger, queue: new AuditQueue({ ...writer, logger, maxWaiting }) };
}

describe('the queue of refusals', () => {
  test('writes what came, in order, in batches', async () => {
    const { queue, written, batches } = makeQueue({ maxWaiting: 1_000 });
    for (let index = 0; index < 250; index += 1) queue.recordLater(failure(`field${index}`));
    await queue.flush();
    expect(written.map(({ details }) => details)).toEqual(
      Array.from({ length: 250 }, (_, index) => ({ field: `field${index}`, code: 'BUSY' })),
    );
    expect(batches).toEqual([100, 100, 50]);
  });

  test('keeps no more of a request than its event tells', () => {
    const { trail, manager, logger } = makeQueue();
    const kept: AuditEvent[] = [];
    const stamp = (event: AuditEvent) => {
      kept.push(event);
      return trail.stamp(event);
    };
    const told = { requestId: 'r1', operationName: null, origin: { ip: '192.0.2.1', userAgent: null } };
    const request = { ...told, body: 'x'.repeat(100_000) };
    const queue = new AuditQueue({ trail: Object.assign(Object.create(trail), { stamp }), manager, logger });
    queue.recordLater({ ...failure('login'), by: { kind: 'ANONYMOUS', request } });
    expect(kept.map((event) => event.by)).toEqual([{ kind: 'ANONYMOUS', request: told }]);
  });

  test('gives an event the time at which it happened, not that of its writing', async () => {
    const { queue, trail, clock, manager, written } = makeQueue();
    const stamped = trail.stamp(failure('login'));
    clock.advance(5);
    await trail.write(manager, [stamped]);
    expect(stamped.at.toISOString()).toBe('2026-11-24T07:02:50.000Z');
    expect(written).toHaveLength(1);
    await queue.stop();
  });

  test('keeps what the database could not take, and writes it once when it can', async () => {
    let isDown = true;
    const { queue, written } = makeQueue({ fail: () => (isDown ? new Error('connection lost') : undefined) });
    queue.recordLater(failure('login'));
    await expect(queue.flush()).rejects.toThrow('connection lost');
    expect(written).toEqual([]);
    isDown = false;
    await queue.flush();
    await queue.flush();
    expect(written).toHaveLength(1);
  });

  test('writes by itself once started, without being flushed', async () => {
    const { queue, written } = makeQueue();
    queue.start();
    queue.recordLater(failure('login'));
    for (let turn = 0; turn < 50 && written.length === 0; turn += 1) await new Promise((done) => setImmediate(done));
    expect(written).toHaveLength(1);
    await queue.stop();
  });

  test('never writes one event twice when two ask it to write at once', async () => {
    const { queue, written } = makeQueue();
    queue.recordLater(failure('login'));
    await Promise.all([queue.flush(), queue.flush(), queue.flush()]);
    expect(written).toHaveLength(1);
  });

  test('drops what no try can write, says so without its values, and keeps its neighbours', async () => {
    const { queue, written, logger } = makeQueue({
      fail: (events) =>
        events.some(({ details }) => JSON.stringify(details).includes('bad')) ? refusedByDatabase() : undefined,
    });
    for (const field of ['first', 'bad', 'last']) queue.recordLater(failure(field));
    await queue.flush();
    expect(written.map(({ type, details }) => [type, details])).toEqual([
      ['mutation.failed', { field: 'first', code: 'BUSY' }],
      ['mutation.failed', { field: 'last', code: 'BUSY' }],
      ['audit.overflowed', { dropped: 1 }],
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain('anna@example.com');
    expect(logger.lines.map(({ level }) => level)).toEqual(['error', 'error']);
  });

  test('is bounded: what does not fit is counted, logged once, and the gap recorded', async () => {
    const { queue, written, logger } = makeQueue({ maxWaiting: 3 });
    for (let index = 0; index < 10; index += 1) queue.recordLater(failure('login'));
    expect(logger.lines.map(({ level }) => level)).toEqual(['error']);
    await queue.flush();
    expect(written.map(({ type }) => type)).toEqual([
      'mutation.failed',
      'mutation.failed',
      'mutation.failed',
      'audit.overflowed',
    ]);
    expect(written.at(-1)?.details).toEqual({ dropped: 7 });
  });

  test('does not throw at a mistake of ours, since the answer is right, but logs it', async () => {
    const { queue, written, logger } = makeQueue();
    queue.recordLater({ ...failure('login'), details: { field: 'hunter2 x', code: 'BUSY' } } as unknown as AuditEvent);
    await queue.flush();
    expect(written).toEqual([]);
    expect(logger.lines).toHaveLength(1);
    expect(JSON.stringify(logger.lines)).not.toContain('hunter2');
  });

  test('remembers which errors have their event, and no others', () => {
    const { queue } = makeQueue();
    const recorded = new Error('refused');
    queue.recordLater(failure('login'), recorded);
    expect(queue.isRecorded(recorded)).toBe(true);
    expect(queue.isRecorded(new Error('refused'))).toBe(false);
    expect(queue.isRecorded(undefined)).toBe(false);
  });

  test('writes its rest when stopped', async () => {
    const { queue, written } = makeQueue();
    queue.start();
    for (let index = 0; index < 5; index += 1) queue.recordLater(failure('login'));
    await queue.stop();
    expect(written).toHaveLength(5);
  });

  test('stops in time though the database does not answer, and logs what is lost', async () => {
    const { trail, logger } = makeQueue();
    const manager = { query: () => new Promise(() => {}) } as unknown as ReturnType<typeof auditWriter>['manager'];
    const queue = new AuditQueue({ trail, manager, logger });
    queue.recordLater(failure('login'));
    await queue.stop(20);
    expect(logger.lines).toEqual([
      { level: 'error', message: 'the server stopped with audit events unwritten', facts: { lost: 1 } },
    ]);
  });
});
