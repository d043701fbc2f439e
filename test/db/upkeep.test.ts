import { expect, test } from '@jest/globals';
import { startTestServer } from '../support/server.ts';

test('a server that starts deletes the day keys that had their 30 days, and no younger one', async () => {
  const first = await startTestServer();
  const days = async () =>
    (await first.database.query(`SELECT day::text FROM day_keys WHERE life = 'DAYS_30' ORDER BY day`)).map(
      ({ day }: { day: string }) => day,
    );
  const [today] = await days();
  first.clock.advanceSeconds(30 * 86_400);
  const onTheLastDay = await startTestServer({}, first.shared);
  expect(await days()).toContain(today);
  await onTheLastDay.stop();
  first.clock.advanceSeconds(86_400);
  const later = await startTestServer({}, first.shared);
  expect(await days()).not.toContain(today);
  await later.stop();
  await first.stop();
});
