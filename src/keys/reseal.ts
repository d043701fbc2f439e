import type { DataSource } from 'typeorm';
import type { Actor } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { brokenSeal } from '../audit/broken-seal.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { open, SealBroken, seal } from '../crypto/sealed.ts';
import type { Clock } from '../platform/clock.ts';
import type { UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import { inTransaction } from '../platform/transaction.ts';
import {
  countPeopleToReseal,
  findCells,
  findPeopleToReseal,
  holdForReseal,
  replaceDataKey,
  storeCell,
} from './reseal.repository.ts';
import { personsTables } from './sealed-columns.ts';

export interface ResealParts {
  readonly database: DataSource;
  readonly audit: AuditTrail;
  readonly dataKeys: DataKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly by: Actor;
  readonly progress: (done: number, total: number) => void;
}

export interface ResealOutcome {
  readonly people: number;
  /** Who keeps the old key, and the first value of theirs that does not open. */
  readonly broken: readonly { readonly userId: UserId; readonly error: SealBroken }[];
}

const PAGE = 200;

/**
 * Gives everybody whose data key was made before `before` another one, and seals all that is theirs again under it, each person
 * in a transaction of their own. Stopped and begun again with the same time, it goes on where it was. Of somebody with a value that
 * does not open the trail is told once a run, in place of the event of their new key.
 */
export async function resealAll(parts: ResealParts, before: Date): Promise<ResealOutcome> {
  const { manager } = parts.database;
  const total = await countPeopleToReseal(manager, before);
  const broken: { userId: UserId; error: SealBroken }[] = [];
  let people = 0;
  let after: UserId | null = null;
  for (let page = await findPeopleToReseal(manager, before, after, PAGE); page.length > 0; ) {
    for (const userId of page) {
      try {
        if (await resealPerson(parts, userId)) people += 1;
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        // After the transaction that it ended: in there the event would be gone with it.
        await parts.audit.record(manager, brokenSeal(error, parts.by));
        broken.push({ userId, error });
      }
    }
    parts.progress(people, total);
    after = page.at(-1) ?? null;
    page = await findPeopleToReseal(manager, before, after, PAGE);
  }
  return { people, broken };
}

/** False for somebody erased: they get no key. Throws SealBroken, and leaves all as it was, where a value does not open. */
function resealPerson({ database, audit, dataKeys, clock, random, by }: ResealParts, id: UserId): Promise<boolean> {
  return inTransaction(database, async (tx) => {
    const old = await holdForReseal(tx, id);
    if (!old) return false;
    const from = dataKeys.unwrap(old);
    const { row, key } = dataKeys.create(id);
    await replaceDataKey(tx, old, row, clock.now());
    for (const table of personsTables()) {
      for (const cell of await findCells(tx, table, id)) {
        const place = { table: table.table, column: cell.column, rowId: cell.rowId };
        await storeCell(tx, table, { ...cell, sealed: seal(key, place, open(from, place, cell.sealed), random) });
      }
    }
    await audit.record(tx, { type: 'data_key.replaced', by, subjectId: id, details: {} });
    return true;
  });
}
