import { ROOT_PURPOSES } from '../crypto/keyring-text.ts';
import { countUses } from '../keys/key-uses.repository.ts';
import { findLiveNodes } from '../keys/nodes.repository.ts';
import { findSigningKeys } from '../sessions/signing-keys.repository.ts';
import type { Command } from './command.ts';
import { type KeyWork, withKeys } from './key-work.ts';
import { refuseWords } from './words.ts';

export const keysListCommand: Command = {
  name: 'keys list',
  summary: 'Show which keys there are, and what needs them.',
  help: `Usage: gatehouse keys list

Shows the keys of the keyring with the rows that need each, the keys that sign access tokens, and the running servers with
the keys that they lack. Never a secret.`,

  async run(words, terminal) {
    refuseWords(words);
    await withKeys(terminal, async (work) => {
      terminal.print(table([['PURPOSE', 'ID', 'STATE', 'NEEDED BY'], ...(await rootKeys(work))]));
      terminal.print(`\n${table([['SIGNING KEY', 'ALGORITHM', 'STATE', 'SINCE'], ...(await signingKeys(work))])}`);
      terminal.print(`\n${table([['SERVER', 'LAST SEEN', 'LACKS'], ...(await servers(work))])}`);
    });
    return 0;
  },
};

async function rootKeys({ foundation: { keyring, database } }: KeyWork): Promise<string[][]> {
  const rows: string[][] = [];
  for (const purpose of ROOT_PURPOSES) {
    const active = keyring.active(purpose).id;
    for (const { id } of keyring.all(purpose)) {
      const uses = await countUses(database.manager, { purpose, id });
      const needed = uses.map((use) => `${use.rows} rows of ${use.table}`).join(', ');
      rows.push([purpose, id, id === active ? 'active' : 'held', needed || 'nothing']);
    }
  }
  return rows;
}

async function signingKeys({ foundation: { database } }: KeyWork): Promise<string[][]> {
  const keys = await findSigningKeys(database.manager);
  return keys.map(({ id, algorithm, state, createdAt, currentAt, retiredAt }) => [
    id,
    algorithm,
    state.toLowerCase(),
    (retiredAt ?? currentAt ?? createdAt).toISOString(),
  ]);
}

async function servers({ foundation: { database, keyring } }: KeyWork): Promise<string[][]> {
  const { held } = keyring.names();
  return (await findLiveNodes(database.manager)).map(({ name, seenAt, keys }) => {
    const lacks = held.filter((key) => !keys.held.includes(key)).map((key) => key.slice(0, key.lastIndexOf('/')));
    return [name, seenAt.toISOString(), lacks.join(', ') || 'nothing'];
  });
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}
