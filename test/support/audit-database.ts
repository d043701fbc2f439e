import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig.ts';
import { AuditTrail } from '../../src/audit/audit-trail.ts';
import { DayKeys } from '../../src/audit/day-keys.ts';
import { HeadFile } from '../../src/audit/head-file.ts';
import { Sealer } from '../../src/audit/sealer.ts';
import { DataKeys } from '../../src/crypto/data-keys.ts';
import type { Keyring } from '../../src/crypto/keyring.ts';
import { openDatabase } from '../../src/platform/database.ts';
import type { UserId } from '../../src/platform/ids.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { systemRandom, uuidv7 } from '../../src/platform/random.ts';
import { ManualClock } from './clock.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
import { keyringOf } from './keyrings.ts';
import { silentLogger } from './silent-logger.ts';

/** Where a node of its own may keep its newest head. */
export const newHeadPath = () => join(mkdtempSync(join(process.env['TEST_POSTGRES_DIR'] ?? '', 'head-')), 'audit-head');

/** A cloned database, open as the server's role, and what writes audit events and day keys in it. */
export async function auditDatabase(clock = new ManualClock()) {
  const clone: TestDatabase = await cloneDatabase();
  const database: DataSource = await openDatabase(dataSourceOptions, { url: clone.serverUrl, pool: 8 });
  const keyring = keyringOf();
  const parts = { keyring, clock, random: systemRandom };
  const dayKeys = new DayKeys(parts);
  return {
    ...parts,
    clone,
    database,
    dayKeys,
    dataKeys: new DataKeys(keyring, clock, systemRandom),
    trail: new AuditTrail({ ...parts, dayKeys, node: 'node-1' }),
    /** A sealer of this database, with its own file for the newest head. */
    sealer: (own: { keyring?: Keyring; headPath?: string; node?: string; logger?: Logger } = {}) =>
      new Sealer({
        ...parts,
        keyring: own.keyring ?? keyring,
        database,
        audit: new AuditTrail({ ...parts, keyring: own.keyring ?? keyring, dayKeys, node: 'node-1' }),
        logger: own.logger ?? silentLogger,
        node: own.node ?? 'node-1',
        headFile: new HeadFile(own.headPath ?? newHeadPath(), systemRandom),
      }),
    /** Another server of the same database and keyring. */
    otherNode: () => new DayKeys(parts),
    close: async () => {
      await database.destroy();
      await clone.drop();
    },
  };
}

export type AuditDatabase = Awaited<ReturnType<typeof auditDatabase>>;

/** A user's row with a data key, and nothing else in it. */
export async function addUser({ database, dataKeys, clock }: AuditDatabase) {
  const userId = uuidv7(clock, systemRandom) as UserId;
  const { row, key } = dataKeys.create(userId);
  await database.query(`INSERT INTO users (id, status, origin, created_at) VALUES ($1, 'ACTIVE', 'REGISTRATION', $2)`, [
    userId,
    clock.now(),
  ]);
  await database.query(
    'INSERT INTO data_keys (id, user_id, wrapped, wrapping_key_id, created_at) VALUES ($1, $2, $3, $4, $5)',
    [row.id, userId, row.wrapped, row.wrappingKeyId, clock.now()],
  );
  return { userId, key };
}
