import { parseArgs, types } from 'node:util';
import { type Name, toName } from '../audit/event-details.ts';
import { type Config, loadConfig } from '../config.ts';
import { keyringPath, replaceKeyringFile } from '../crypto/keyring-file.ts';
import { parseKeyringText, ROOT_PURPOSES, type RootPurpose } from '../crypto/keyring-text.ts';
import { readKeyring } from '../crypto/load-keyring.ts';
import { type Foundation, openFoundation } from '../foundation.ts';
import { KeyMoves, type MoveOutcome } from '../keys/key-moves.ts';
import { inTransaction } from '../platform/transaction.ts';
import { type Terminal, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';

/** What a command about keys works with. */
export interface KeyWork {
  readonly config: Config;
  readonly foundation: Foundation;
  /** The keyring's JSON as it is at its source. */
  readonly text: string;
}

/** Opens everything for `work`, and closes it again. */
export async function withKeys<T>(terminal: Terminal, work: (parts: KeyWork) => Promise<T>): Promise<T> {
  const config = loadConfig(terminal.env, terminal.facts);
  const foundation = await openFoundation(config);
  try {
    return await work({ config, foundation, text: await readKeyring(config.keyring) });
  } finally {
    await foundation.close();
  }
}

/**
 * Puts the changed keyring where it came from, or prints it where that is no file that can be written. Whether it is in place.
 * What this process does from now on goes by it.
 */
export function putKeyring({ config, foundation, text }: KeyWork, changed: string, terminal: Terminal): boolean {
  const path = keyringPath(config.keyring);
  const isWritten = path !== undefined && replaceKeyringFile(path, text, changed, foundation.random);
  foundation.keyring.adopt(parseKeyringText(changed));
  if (isWritten) {
    terminal.printError(`Wrote ${path}; the one before is ${path}.previous. Servers read it again within seconds.`);
    return true;
  }
  terminal.printError('The keyring cannot be written here. Put what follows in its place, then restart each server:');
  terminal.print(changed.trimEnd());
  return false;
}

type KeyEvent = 'key.added' | 'key.activated' | 'key.retired';

/** Tells the audit trail. */
export async function recordKey(
  { foundation }: KeyWork,
  type: KeyEvent,
  purpose: RootPurpose,
  id: string,
): Promise<void> {
  const { database, audit } = foundation;
  const subjectId: Name = toName(id);
  await inTransaction(database, (tx) => audit.record(tx, { type, by: OPERATOR, subjectId, details: { purpose } }));
}

/** Flags, one for each purpose, and what else a command takes. The words that are no flag come last. */
export function parseKeyWords(words: readonly string[], flags: readonly string[] = [], texts: readonly string[] = []) {
  const options = Object.fromEntries([
    ...[...ROOT_PURPOSES, ...flags].map((name) => [name, { type: 'boolean' as const }]),
    ...texts.map((name) => [name, { type: 'string' as const }]),
  ]);
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
    const given = new Map<string, unknown>(Object.entries(values));
    const has = (name: string) => given.get(name) === true;
    const textOf = (name: string) => {
      const text = given.get(name);
      return typeof text === 'string' ? text : undefined;
    };
    return { purposes: ROOT_PURPOSES.filter(has), has, textOf, ids: positionals };
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
}

const BATCH = 250;

/** What moves rows from key to key, with its progress on standard error. */
export function keyMoves({ foundation }: KeyWork, terminal: Terminal): KeyMoves {
  const { database, keyring, dataKeys, random } = foundation;
  const progress = (table: string, done: number, total: number) => terminal.printError(`${table}: ${done} of ${total}`);
  return new KeyMoves({ database, keyring, dataKeys, random, progress, batch: BATCH });
}

/** How many rows of one table that do not open are named: somebody may have damaged all of them. */
export const NAMED = 10;

/** Says what came of it, and throws an Error where something is left. */
export function reportMoves(outcomes: readonly MoveOutcome[], terminal: Terminal): void {
  for (const { table, moved } of outcomes) terminal.print(`${table}: ${moved} moved.`);
  const faults = outcomes.flatMap(({ table, broken, left }) => [
    ...broken.slice(0, NAMED).map(({ message }) => `${table}: ${message}, and stays as it is`),
    ...(left > 0 ? [`${table}: ${left} rows are still under another key`] : []),
  ]);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}
