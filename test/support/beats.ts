import { hostname } from 'node:os';
import { until } from './account-acts.ts';
import type { TestServer } from './server.ts';

/** Waits until each running server has given another sign of life, before which it reads its keyring file again. */
export async function nextBeats({ database }: TestServer): Promise<void> {
  const [{ now }] = await database.query('SELECT now()::text AS now');
  await until('each server has given a sign of life', async () => {
    const rows = await database.query(
      `SELECT FROM nodes WHERE seen_at < $1::timestamptz AND seen_at > now() - interval '30 seconds' AND name = $2`,
      [now, hostname()],
    );
    return rows.length === 0;
  });
}
