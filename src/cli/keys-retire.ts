import { setTimeout as sleep } from 'node:timers/promises';
import { findKeys, type KeyName, removeKey } from '../crypto/keyring-edit.ts';
import { findReplacedAt } from '../keys/key-activations.ts';
import { countUnindexed, countUses, deleteIndexes, findLiveTokens } from '../keys/key-uses.repository.ts';
import { findHolders, refuseWhileActive } from '../keys/node-check.ts';
import { inTransaction } from '../platform/transaction.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { type KeyWork, parseKeyWords, putKeyring, recordKey, withKeys } from './key-work.ts';

export const keysRetireCommand: Command = {
  name: 'keys retire',
  summary: 'Take a key that nothing needs any more out of the keyring.',
  help: `Usage: gatehouse keys retire ID [--now]

Removes a key that is not active and that no row needs. Refuses while one does, and says which table and how many rows. Of an
index key it also deletes the rows, once no running server writes them any more.

A backup of the database still needs the keys of its day: keep a copy of the keyring from before for as long as the backup.
With a system key, what it made and no row names ends: it refuses while a mailed token from before the rotation is good, and
says until when (of all tokens that of REVERT_TOKEN_SECONDS lives longest). Known devices from then are known no more, and guessed at as others are.

  ID       as \`keys list\` shows it; PURPOSE/ID where two purposes use one
  --now    of a system key that has leaked: does not wait, and voids those tokens. Their people have to ask again`,

  async run(words, terminal) {
    const { purposes, has, ids } = parseKeyWords(words, ['now']);
    const [word, ...others] = ids;
    if (word === undefined || others.length > 0 || purposes.length > 0) throw new UsageError('Which key?');
    await withKeys(terminal, (work) => retire(work, word, has('now'), terminal));
    return 0;
  },
};

async function retire(work: KeyWork, word: string, now: boolean, terminal: Terminal): Promise<void> {
  const { database, keyring } = work.foundation;
  const [key, ...others] = findKeys(work.text, word);
  if (others.length > 0)
    throw new UsageError(
      `Which of these: ${[key, ...others].map((each) => `${each?.purpose}/${each?.id}`).join(', ')}?`,
    );
  if (key === undefined) {
    // What is left of an index key that was taken out while a server still wrote its rows.
    const left = await countUses(database.manager, { purpose: 'index', id: word });
    if (left.length === 0) throw new Error(`The keyring has no key "${word}"`);
    return deleteRows(work, { purpose: 'index', id: word }, terminal);
  }
  const { purpose, id } = key;
  if (now && purpose !== 'system') throw new UsageError('--now is for a system key: the others wait for rows alone.');
  if (keyring.active(purpose).id === id) throw new Error(`"${id}" is the active ${purpose} key: rotate first`);
  await refuseWhileActive(database.manager, key);
  await refuseWhileNeeded(work, key);
  if (purpose === 'system' && !now) await refuseWhileTokensLive(work, key);
  const isWritten = putKeyring(work, removeKey(work.text, purpose, id), terminal);
  await recordKey(work, 'key.retired', purpose, id);
  terminal.printError(`The ${purpose} key "${id}" is out of the keyring. Backups from before still need it.`);
  if (purpose === 'index') await (isWritten ? deleteRows(work, key, terminal) : tellLater(id, terminal));
}

async function refuseWhileNeeded({ foundation }: KeyWork, key: KeyName): Promise<void> {
  const { database, keyring } = foundation;
  if (key.purpose === 'index') {
    const rows = await countUnindexed(database.manager, keyring.active('index').id);
    if (rows > 0)
      throw new Error(`${rows} rows of users have no index of the active key: gatehouse keys rewrap --index`);
    return;
  }
  const needed = await countUses(database.manager, key);
  if (needed.length === 0) return;
  const list = needed.map(({ table, rows }) => `${rows} rows of ${table}`).join(' and ');
  throw new Error(`The ${key.purpose} key "${key.id}" is still needed by ${list}`);
}

/** Servers read a keyring file again within seconds of the rotation, and make values with the key before until then. */
const HANDOVER_MS = 60_000;

async function refuseWhileTokensLive({ foundation }: KeyWork, key: KeyName): Promise<void> {
  const { database, keyring, clock } = foundation;
  const replacedAt = await findReplacedAt(database.manager, keyring, key);
  const madeBefore = replacedAt && new Date(replacedAt.getTime() + HANDOVER_MS);
  const { tokens, until } = await findLiveTokens(database.manager, clock.now(), madeBefore);
  if (tokens === 0) return;
  throw new Error(
    `Mailed tokens that the system key "${key.id}" may have made are still good: ${tokens}, the last until ${until?.toISOString()}. Retire it then, or with --now, which voids them`,
  );
}

const WAIT_MS = 30_000;
const POLL_MS = 1_000;
const BATCH = 1_000;

/** Deletes the index rows of a key that no running server holds, and so writes, any more. */
async function deleteRows({ foundation }: KeyWork, key: KeyName, terminal: Terminal): Promise<void> {
  const { database } = foundation;
  let holders = await findHolders(database.manager, key);
  for (let waited = 0; holders !== undefined && waited < WAIT_MS; waited += POLL_MS) {
    await sleep(POLL_MS);
    holders = await findHolders(database.manager, key);
  }
  if (holders !== undefined) return tellLater(key.id, terminal);
  let deleted = 0;
  for (let count = -1; count !== 0; deleted += count) {
    count = await inTransaction(database, (tx) => deleteIndexes(tx, key.id, BATCH));
  }
  terminal.print(`email_indexes: ${deleted} deleted.`);
}

function tellLater(id: string, terminal: Terminal): void {
  terminal.printError(
    `When every server has the new keyring, run \`gatehouse keys retire ${id}\` again to delete its index rows.`,
  );
}
