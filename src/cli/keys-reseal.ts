import { resealAll } from '../keys/reseal.ts';
import { type Command, UsageError } from './command.ts';
import { parseKeyWords, withKeys } from './key-work.ts';
import { OPERATOR } from './operator.ts';

export const keysResealCommand: Command = {
  name: 'keys reseal',
  summary: 'Give everybody a new data key, and seal their data again.',
  help: `Usage: gatehouse keys reseal [--before TIME]

For a leak of the keyring together with the database: whoever has both has everybody's data key, and a rewrap changes none of
them. Rotate the wrapping key first, and end all sessions after (\`sessions revoke --all\`). Each person is done in a
transaction of their own, while the servers serve.

The keys before stay, retired: events of the audit trail are sealed under them and cannot be written again. Nobody who was
erased gets a key.

  --before TIME    only keys made before this time (ISO 8601); now by default. To go on after a stop, give the time at which
                   the first run began: it prints it`,

  async run(words, terminal) {
    const { purposes, ids, textOf } = parseKeyWords(words, [], ['before']);
    const word = textOf('before');
    if (purposes.length + ids.length > 0) throw new UsageError('This command takes --before alone.');
    if (word !== undefined && Number.isNaN(Date.parse(word)))
      throw new UsageError('--before must be a time in ISO 8601.');
    return withKeys(terminal, async ({ foundation }) => {
      const before = word === undefined ? foundation.clock.now() : new Date(word);
      terminal.printError(`To go on after a stop: gatehouse keys reseal --before ${before.toISOString()}`);
      const progress = (done: number, total: number) => terminal.printError(`people: ${done} of ${total}`);
      const { people, broken } = await resealAll({ ...foundation, by: OPERATOR, progress }, before);
      terminal.print(`Sealed again: ${people} people.`);
      for (const { userId, error } of broken)
        terminal.printError(`A value of user ${userId} does not open, and they keep their key: ${error.message}`);
      return broken.length === 0 ? 0 : 1;
    });
  },
};
