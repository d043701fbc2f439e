import { readFile } from 'node:fs/promises';
import { acknowledgeRestore } from '../audit/acknowledge-restore.ts';
import { readHeadsIn } from '../audit/head-file.ts';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { Command } from './command.ts';
import { OPERATOR } from './operator.ts';
import { parseOptions, required } from './words.ts';

export const auditAcknowledgeRestoreCommand: Command = {
  name: 'audit acknowledge-restore',
  summary: 'After a backup was restored: say that the lost end of the audit trail is known.',
  help: `Usage: gatehouse audit acknowledge-restore --head FILE

A restored database lacks the newest events, and every server that saw them says that the trail was rolled back. This
records, as an event of the trail, that the batches up to the head in FILE were lost to a restore; from then on that head and
those before it are no fault. Give it the newest audit-head of your servers' DATA_DIRs.

  --head FILE    the newest head that was lost, or a log that it stands in

  gatehouse audit acknowledge-restore --head /var/lib/gatehouse/audit-head`,

  async run(words, terminal) {
    const heads = readHeadsIn(
      await readFile(required(parseOptions(words, { head: { type: 'string' } }).head, 'head'), 'utf8'),
    );
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const lost = await acknowledgeRestore(foundation, OPERATOR, heads);
      terminal.print(`Acknowledged: batches up to ${lost.seal} (${lost.sealedAt}) were lost to a restore.`);
    } finally {
      await foundation.close();
    }
    return 0;
  },
};
