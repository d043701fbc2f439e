import { describe, expect, test } from '@jest/globals';
import type { RequestContext } from '../../../src/access/request-context.ts';
import { AuditQueue } from '../../../src/audit/audit-queue.ts';
import type { LimitRefusal } from '../../../src/audit/limit-refusals.ts';
import { OperationRefusals, type RefusedField } from '../../../src/audit/operation-refusals.ts';
import { ERROR_CODES } from '../../../src/platform/errors.ts';
import { auditWriter } from '../../support/audit-writer.ts';
import { recordingLogger } from '../../support/recording-logger.ts';

const context = {} as RequestContext;
const logout = (code: RefusedField['code']): RefusedField => ({ operation: 'MUTATION', field: 'logout', code });

function makeRefusals(actorOf = () => ({ kind: 'ANONYMOUS' }) as const) {
  const writer = auditWriter();
  const logger = recordingLogger();
  const queue = new AuditQueue({ ...writer, logger });
  const limited: LimitRefusal[] = [];
  const limits = { refused: (refusal: LimitRefusal) => void limited.push(refusal) };
  const refusals = new OperationRefusals({ queue, limits, actorOf, logger });
  return { refusals, queue, limited, written: writer.written, logger };
}

describe('what an operation was refused', () => {
  const RULES = ['UNAUTHENTICATED', 'TOKEN_EXPIRED', 'FORBIDDEN', 'REAUTHENTICATION_REQUIRED', 'ACTION_REQUIRED'];

  test.each(ERROR_CODES.filter((code) => code !== 'BUSY'))('with %s is one event of its kind', async (code) => {
    const { refusals, queue, limited, written } = makeRefusals();
    refusals.refused(context, logout(code));
    await queue.flush();
    expect(limited).toEqual([]);
    const expected = RULES.includes(code)
      ? { type: 'access.denied', details: { field: 'logout', operation: 'MUTATION', code } }
      : { type: 'mutation.failed', details: { field: 'logout', code } };
    expect(written).toMatchObject([expected]);
  });

  test('with BUSY is counted with all of that mutation, for everybody together, and is no event of its own', async () => {
    const { refusals, queue, limited, written } = makeRefusals();
    refusals.refused(context, logout('BUSY'));
    await queue.flush();
    expect(written).toEqual([]);
    expect(limited).toEqual([{ limit: 'busy.logout', key: undefined, windowSeconds: 60, by: { kind: 'ANONYMOUS' } }]);
  });

  test('silently is one event with the count, and no names of fields', async () => {
    const { refusals, queue, written } = makeRefusals();
    refusals.hidden(context, 4);
    await queue.flush();
    expect(written).toMatchObject([{ type: 'access.hidden', details: { fields: 4 } }]);
  });

  test('never fails the answer, whatever goes wrong', () => {
    const { refusals, logger } = makeRefusals(() => {
      throw new Error('no key for anna@example.com');
    });
    expect(() => refusals.refused(context, logout('BUSY'))).not.toThrow();
    expect(logger.lines.map(({ level }) => level)).toEqual(['error']);
    expect(JSON.stringify(logger.lines)).not.toContain('anna');
  });
});
