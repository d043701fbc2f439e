import type { EntityManager } from 'typeorm';
import { AuditTrail } from '../../src/audit/audit-trail.ts';
import { DayKeys } from '../../src/audit/day-keys.ts';
import { ManualClock } from './clock.ts';
import { CountedRandom } from './counted-random.ts';
import { keyringOf } from './keyrings.ts';

/** What an event's statement was given, as far as tests look at it. */
export interface WrittenEvent {
  readonly id: string;
  readonly type: string;
  readonly details: unknown;
}

/** A trail over a manager that keeps what it is given, and fails when `fail` answers an error for the events. */
export function auditWriter(fail: (events: readonly WrittenEvent[]) => Error | undefined = () => undefined) {
  const written: WrittenEvent[] = [];
  const batches: number[] = [];
  const query = async (_sql: string, parameters: readonly (string | string[])[]) => {
    // Of one event they are its values, of more each is a column.
    const columns = parameters.map((each) => [each].flat());
    const [ids = [], , , types = []] = columns;
    const events = ids.map((id, index) => ({
      id,
      type: types[index] ?? '',
      details: JSON.parse(columns[11]?.[index] ?? ''),
    }));
    const error = fail(events);
    if (error !== undefined) throw error;
    written.push(...events);
    batches.push(events.length);
  };
  const parts = { keyring: keyringOf(), clock: new ManualClock(), random: new CountedRandom() };
  const trail = new AuditTrail({ ...parts, dayKeys: new DayKeys(parts), node: 'node-1' });
  return { trail, manager: { query } as unknown as EntityManager, written, batches, clock: parts.clock };
}
