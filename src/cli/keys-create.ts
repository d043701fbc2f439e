import { generateKeyring } from '../crypto/keyring.ts';
import { systemRandom } from '../platform/random.ts';
import type { Command } from './command.ts';
import { refuseWords } from './words.ts';

export const keysCreateCommand: Command = {
  name: 'keys create',
  summary: 'Print a new keyring for production.',
  help: `Usage: gatehouse keys create

Prints a keyring with new random keys. Needs no database and no settings. Keep it where KEYRING, KEYRING_FILE or
KEYRING_COMMAND finds it, and a copy elsewhere: what it seals cannot be read without it, by anybody.

  (umask 077; npm run --silent gatehouse -- keys create > keyring.json)`,

  async run(words, terminal) {
    refuseWords(words);
    terminal.print(generateKeyring({ development: false, random: systemRandom }).trimEnd());
    return 0;
  },
};
