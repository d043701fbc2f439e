import { addKey } from '../crypto/keyring-edit.ts';
import { findKeyIds } from '../keys/key-uses.repository.ts';
import { makeSigningKeys } from '../signing-keys.ts';
import { type Command, UsageError } from './command.ts';
import { parseKeyWords, putKeyring, recordKey, withKeys } from './key-work.ts';

export const keysAddCommand: Command = {
  name: 'keys add',
  summary: 'Add a key to the keyring, to take over later.',
  help: `Usage: gatehouse keys add --wrapping | --index | --pepper | --system | --audit | --signing

Adds a new random key. It seals nothing yet: \`keys rotate\` lets it take over once every server has it. A keyring that is a
file is replaced in one step, and the one before kept beside it as FILE.previous; any other is printed, to be put in its
place. Keep a copy of the keyring before you go on.

  --signing    publishes the next key of access tokens, where none is published yet; these stand in the database

docs/keys.md says what each key protects, and when to change it.`,

  async run(words, terminal) {
    const { purposes, has, ids } = parseKeyWords(words, ['signing']);
    const [purpose, ...others] = purposes;
    if (ids.length > 0 || others.length > 0 || (purpose === undefined) !== has('signing')) {
      throw new UsageError('Add one key at a time: which?');
    }
    await withKeys(terminal, async (work) => {
      if (purpose === undefined) {
        const keys = makeSigningKeys(work.config, work.foundation);
        await keys.load();
        while (await keys.step());
        terminal.print(
          `Published: ${keys
            .jwks()
            .keys.map(({ kid }) => kid)
            .join(', ')}.`,
        );
        return;
      }
      const { database, random } = work.foundation;
      const { text, id } = addKey(work.text, purpose, random, await findKeyIds(database.manager, purpose));
      putKeyring(work, text, terminal);
      await recordKey(work, 'key.added', purpose, id);
      terminal.printError(
        `Added the ${purpose} key "${id}". When every server has it: gatehouse keys rotate --${purpose}`,
      );
    });
    return 0;
  },
};
