import { calibrate, measureHash } from '../crypto/calibration.ts';
import { systemClock } from '../platform/clock.ts';
import { systemRandom } from '../platform/random.ts';
import { type Command, UsageError } from './command.ts';
import { parseKeyWords } from './key-work.ts';

export const keysCalibrateCommand: Command = {
  name: 'keys calibrate',
  summary: 'Measure which password hash this machine can afford.',
  help: `Usage: gatehouse keys calibrate [--target-ms MS]

Measures argon2id here, and prints the settings with the most memory that stay within the time. Needs no database. Run it on
a machine like the servers, with nothing else going on.

  --target-ms MS    how long one hash may take (250)`,

  async run(words, terminal) {
    const { purposes, ids, textOf } = parseKeyWords(words, [], ['target-ms']);
    const targetMs = Number(textOf('target-ms') ?? 250);
    if (purposes.length + ids.length > 0) throw new UsageError('This command takes --target-ms alone.');
    if (!Number.isInteger(targetMs) || targetMs < 20 || targetMs > 10_000) {
      throw new UsageError('--target-ms must be a whole number from 20 to 10000.');
    }
    const { memoryKib, passes, ms } = await calibrate(targetMs, measureHash(systemClock, systemRandom));
    terminal.print(`ARGON2_MEMORY_KIB=${memoryKib}\nARGON2_PASSES=${passes}`);
    terminal.printError(
      ms > targetMs
        ? `Even the weakest that is allowed takes ${Math.round(ms)} ms here.`
        : `One hash takes ${Math.round(ms)} ms here.`,
    );
    return 0;
  },
};
