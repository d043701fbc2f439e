import { brokenSeal } from '../audit/broken-seal.ts';
import { toName } from '../audit/event-details.ts';
import type { RootPurpose } from '../crypto/keyring-text.ts';
import type { MoveOutcome } from '../keys/key-moves.ts';
import { requireOnEveryNode } from '../keys/node-check.ts';
import { inTransaction } from '../platform/transaction.ts';
import { type Command, UsageError } from './command.ts';
import { type KeyWork, keyMoves, NAMED, parseKeyWords, reportMoves, withKeys } from './key-work.ts';
import { OPERATOR } from './operator.ts';

const MOVABLE = ['wrapping', 'pepper', 'system', 'index'] as const satisfies readonly RootPurpose[];

export const keysRewrapCommand: Command = {
  name: 'keys rewrap',
  summary: 'Bring what stands under old keys under the active ones.',
  help: `Usage: gatehouse keys rewrap [--wrapping] [--pepper] [--system] [--index]

Moves every row that another key of the purpose protects to the active one, in batches, while the servers serve; without a
purpose, all of them. Stopped or killed, it may be run again: it goes on with what is left.

  --wrapping   the keys of people and of days (the data itself is not touched)
  --pepper     the hashes of passwords; nobody has to type theirs
  --system     the private halves of the signing keys
  --index      index rows of every address, under every index key of the keyring`,

  async run(words, terminal) {
    const { purposes, ids } = parseKeyWords(words);
    const isMovable = (purpose: RootPurpose) => MOVABLE.some((each) => each === purpose);
    if (ids.length > 0 || !purposes.every(isMovable)) throw new UsageError('Nothing of that can be moved.');
    await withKeys(terminal, async (work) => {
      const outcomes: MoveOutcome[] = [];
      for (const purpose of MOVABLE.filter((each) => purposes.length === 0 || purposes.includes(each))) {
        outcomes.push(...(await move(work, purpose, keyMoves(work, terminal))));
      }
      reportMoves(outcomes, terminal);
    });
    return 0;
  },
};

async function move(work: KeyWork, purpose: (typeof MOVABLE)[number], moves: ReturnType<typeof keyMoves>) {
  const { database, keyring, audit } = work.foundation;
  const { id } = keyring.active(purpose);
  await requireOnEveryNode(database.manager, keyring, { purpose, id });
  const outcomes = await {
    wrapping: () => moves.rewrap(),
    pepper: () => moves.repepper(),
    system: () => moves.resealSigningKeys(),
    index: () => moves.reindex(),
  }[purpose]();
  const rows = outcomes.reduce((sum, { moved }) => sum + moved, 0);
  if (rows > 0) {
    const event = { type: 'key.moved', by: OPERATOR, subjectId: toName(id), details: { purpose, rows } } as const;
    await inTransaction(database, (tx) => audit.record(tx, event));
  }
  for (const error of outcomes.flatMap(({ broken }) => broken.slice(0, NAMED))) {
    await audit.record(database.manager, brokenSeal(error, OPERATOR));
  }
  return outcomes;
}
