import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { fillHashQueue, spyOnHashes } from '../support/full-hash-queue.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
const run = spyOnHashes();
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, HASH_QUEUE: '1' });
});
afterAll(async () => {
  run.mockRestore();
  await server.stop();
});

const CALLS = 100;

/** What of the flood stands in the trail: no more of it in any way. */
const told = (): Promise<{ type: string; actor: string; details: object }[]> =>
  server.database.query(
    `SELECT type, actor_kind AS actor, details FROM audit_events WHERE type IN ('mutation.failed', 'limit.exceeded')
     ORDER BY at, id`,
  );

describe('a flood of logins that the server has no room for', () => {
  test('is two events, whoever they came from: the first at once, and the count when its minute is over', async () => {
    await login(server.anyone, 'nobody@example.com', 'a wrong guess');
    const release = await fillHashQueue(run.mock.contexts[0]);
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, call) => login(server.anyone, `nobody${call}@example.com`, 'a wrong guess')),
    );
    release();
    expect(answers.map(({ code }) => code)).toEqual(Array(CALLS).fill('BUSY'));
    const first = { limit: 'busy.login', stage: 'FIRST', refused: 1, windowSeconds: 60 };
    await until('the first refusal was written', async () => (await told()).length > 0);
    expect(await told()).toEqual([{ type: 'limit.exceeded', actor: 'ANONYMOUS', details: first }]);
    server.clock.advanceSeconds(60);
    await until('the count was written', async () => (await told()).length > 1);
    expect(await told()).toEqual([
      { type: 'limit.exceeded', actor: 'ANONYMOUS', details: first },
      { type: 'limit.exceeded', actor: 'SYSTEM', details: { ...first, stage: 'TOTAL', refused: CALLS } },
    ]);
  });
});
