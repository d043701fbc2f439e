import { activateKey } from '../crypto/keyring-edit.ts';
import type { RootPurpose } from '../crypto/keyring-text.ts';
import { countUnindexed } from '../keys/key-uses.repository.ts';
import { requireOnEveryNode } from '../keys/node-check.ts';
import { makeSigningKeys } from '../signing-keys.ts';
import { type Command, type Terminal, UsageError } from './command.ts';
import { type KeyWork, keyMoves, parseKeyWords, putKeyring, recordKey, reportMoves, withKeys } from './key-work.ts';
import { OPERATOR } from './operator.ts';

export const keysRotateCommand: Command = {
  name: 'keys rotate',
  summary: 'Let another key take over.',
  help: `Usage: gatehouse keys rotate --wrapping | --index | --pepper | --system | --audit [ID]
       gatehouse keys rotate --signing [--now]

Makes the newest key of the purpose, or the key ID, the one that new values are made with. Refuses while a running server
does not have it, and says which. What stands under other keys stays readable; \`keys rewrap\` moves it.

  --index      first writes an index row of the key for every address, so that nobody is not found
  --signing    the keys of access tokens. They rotate by themselves (SIGNING_KEY_SECONDS); this does it earlier, as soon as
               every verifier that caches the published keys knows the next one.
  --now        for an incident: revokes all signing keys and every access token at once, on every server. People stay
               logged in: their clients get TOKEN_EXPIRED and refresh. Services that cache the published keys refuse the
               new tokens until they fetch them again.

  gatehouse keys rotate --signing --now`,

  async run(words, terminal) {
    const { purposes, has, ids } = parseKeyWords(words, ['signing', 'now']);
    const [purpose, ...others] = purposes;
    const [id, ...more] = ids;
    const isClear = others.length + more.length === 0 && (purpose === undefined) === has('signing');
    if (!isClear || (purpose === undefined && id !== undefined) || (purpose !== undefined && has('now'))) {
      throw new UsageError('Rotate one kind of key at a time: which?');
    }
    await withKeys(terminal, (work) =>
      purpose === undefined ? rotateSigning(work, has('now'), terminal) : rotate(work, purpose, id, terminal),
    );
    return 0;
  },
};

async function rotateSigning({ config, foundation }: KeyWork, now: boolean, terminal: Terminal): Promise<void> {
  const keys = makeSigningKeys(config, foundation);
  const id = now ? await keys.replaceAll(OPERATOR) : await keys.promote(OPERATOR);
  terminal.print(now ? `All signing keys are revoked. ${id} signs from now on.` : `${id} signs from now on.`);
}

async function rotate(
  work: KeyWork,
  purpose: RootPurpose,
  word: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const { keyring, database } = work.foundation;
  const active = keyring.active(purpose).id;
  const id = word ?? keyring.all(purpose).at(-1)?.id ?? active;
  keyring.get(purpose, id);
  if (id === active)
    throw new Error(`The ${purpose} key "${id}" is active already. To have another: gatehouse keys add --${purpose}`);
  await requireOnEveryNode(database.manager, keyring, { purpose, id });
  if (purpose === 'index') {
    reportMoves(await keyMoves(work, terminal).reindex(), terminal);
    const left = await countUnindexed(database.manager, id);
    if (left > 0) throw new Error(`${left} addresses have no index row of the key "${id}" yet: run this again`);
    // That took its time: a server with an older keyring may have started meanwhile.
    await requireOnEveryNode(database.manager, keyring, { purpose, id });
  }
  putKeyring(work, activateKey(work.text, purpose, id), terminal);
  await recordKey(work, 'key.activated', purpose, id);
  terminal.printError(`"${id}" is the active ${purpose} key.`);
  // The sealer introduces a new audit key by itself, signed by the one before; events of that one stay under it.
  if (purpose === 'audit') return;
  const next = purpose === 'index' ? `keys retire ${active}` : 'keys rewrap';
  terminal.printError(`When every server has read it: gatehouse ${next}`);
}
