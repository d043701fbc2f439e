import { readFile } from 'node:fs/promises';
import { loadConfig } from '../config.ts';
import { makeErasureUpkeep } from '../erasures.ts';
import { openFoundation } from '../foundation.ts';
import type { Command } from './command.ts';
import { parseOptions } from './words.ts';

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'After a backup was restored: erase again who was erased since.',
  help: `Usage: gatehouse restore [--erased FILE …]

A backup knows nothing of the people erased after it was made. Each server keeps a list of them, erased-users in its
DATA_DIR, and erases them again at its next start. This does the same before any server runs.

  --erased FILE    another server's list, added to the one in DATA_DIR; may be given more than once`,

  async run(words, terminal) {
    const { erased: files = [] } = parseOptions(words, { erased: { type: 'string', multiple: true } });
    const texts: string[] = [];
    for (const file of files) texts.push(await readFile(file, 'utf8'));
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const upkeep = makeErasureUpkeep(loadConfig(terminal.env, terminal.facts), foundation);
      const again = await upkeep.reapply(texts);
      terminal.print(again === 0 ? 'Nobody had to be erased again.' : `Erased again: ${again}.`);
    } finally {
      await foundation.close();
    }
    return 0;
  },
};
