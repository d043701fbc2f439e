import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  // One hash that waits, and each a slow one: of many at once a machine of any speed refuses some.
  server = await startTestServer({ ...WITHOUT_LIMITS, HASH_QUEUE: '1', ARGON2_MEMORY_KIB: '65536' });
});
afterAll(() => server.stop());

const CALLS = 100;

/** What of the flood stands in the trail: no more of it in any way. */
const told = (): Promise<{ type: string; actor: string; details: object }[]> =>
  server.database.query(
    `SELECT type, actor_kind AS actor, details FROM audit_events WHERE type IN ('mutation.failed', 'limit.exceeded')
     ORDER BY at, id`,
  );

describe('a flood of logins that the server has no room for', () => {
  test('is two events, whoever they came from: the first at once, and the count when its minute is over', async () => {
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, call) => login(server.anyone, `nobody${call}@example.com`, 'a wrong guess')),
    );
    const refused = answers.filter(({ code }) => code === 'BUSY').length;
    expect(refused).toBeGreaterThan(2);
    const first = { limit: 'busy.login', stage: 'FIRST', refused: 1, windowSeconds: 60 };
    await until('the first refusal was written', async () => (await told()).length > 0);
    expect(await told()).toEqual([{ type: 'limit.exceeded', actor: 'ANONYMOUS', details: first }]);
    server.clock.advanceSeconds(60);
    await until('the count was written', async () => (await told()).length > 1);
    expect(await told()).toEqual([
      { type: 'limit.exceeded', actor: 'ANONYMOUS', details: first },
      { type: 'limit.exceeded', actor: 'SYSTEM', details: { ...first, stage: 'TOTAL', refused } },
    ]);
  });
});
