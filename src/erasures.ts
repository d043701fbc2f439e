import { join } from 'node:path';
import type { Config } from './config.ts';
import type { Foundation } from './foundation.ts';
import { ErasedList } from './personal-data/erased-list.ts';
import { ErasureUpkeep } from './personal-data/erasure-upkeep.ts';

/** The list of who was erased stands in DATA_DIR, where no backup of the database reaches. For the server and `gatehouse restore`. */
export function makeErasureUpkeep({ dataDir }: Config, foundation: Foundation): ErasureUpkeep {
  const { database, audit, clock, logger, asOwner } = foundation;
  const list = new ErasedList(join(dataDir, 'erased-users'));
  return new ErasureUpkeep({ database, audit, list, clock, logger, asOwner });
}
