import { readFile } from 'node:fs/promises';
import { readHeadsIn } from '../audit/head-file.ts';
import { type VerificationStep, verifyTrail } from '../audit/verify-trail.ts';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import type { Command } from './command.ts';
import { parseOptions, toTime } from './words.ts';

const PROGRESS_MS = 2_000;
const SAYS: Readonly<Record<VerificationStep, string>> = { VERIFIED: 'Verified', FOUND: 'Looked up' };
const number = new Intl.NumberFormat('en');

export const auditVerifyCommand: Command = {
  name: 'audit verify',
  summary: 'Check that nobody changed the audit trail.',
  help: `Usage: gatehouse audit verify [--head FILE …] [--since TIME] [--root FINGERPRINT]

Reads the whole audit trail and checks every event, every seal and the queue of those not yet sealed, and that the database
still has the newest head that this server saw (audit-head in DATA_DIR). Works beside running servers. Exit code 1 where
something was changed, removed, inserted or moved; the first such event is named. docs/audit.md says what to do then.

  --head FILE           a head kept elsewhere, or a log that heads stand in; may be given more than once
  --since TIME          leave out what was sealed before (2026-11-24 or 2026-11-24T07:00:00Z)
  --root FINGERPRINT    of the first audit key, instead of the keyring's

  gatehouse audit verify --head /mnt/worm/audit-head`,

  async run(words, terminal) {
    const {
      head = [],
      since,
      root,
    } = parseOptions(words, {
      head: { type: 'string', multiple: true },
      since: { type: 'string' },
      root: { type: 'string' },
    });
    const heads: string[] = [];
    for (const file of head) heads.push(...headsOf(file, await readFile(file, 'utf8')));
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const { database, keyring, clock, headFile } = foundation;
      const own = await headFile.read();
      let shownMs = clock.now().getTime();
      const progress = (done: number, of: number, step: VerificationStep) => {
        if (clock.now().getTime() - shownMs < PROGRESS_MS) return;
        shownMs = clock.now().getTime();
        terminal.printError(`${SAYS[step]} ${number.format(done)} of ${number.format(of)} events`);
      };
      const options = { keyring, clock, root, since: toTime(since), heads: own ? [own, ...heads] : heads, progress };
      const { broken, sealedEvents, head: newest } = await verifyTrail(database.manager, options);
      if (broken) {
        terminal.print(`BROKEN (${broken.fault}): ${broken.message}.`);
        if (broken.eventId) terminal.print(`First broken event: ${broken.eventId}`);
        return 1;
      }
      terminal.print(`Intact: ${number.format(sealedEvents)} sealed events.`);
      if (newest) terminal.print(`Newest head: ${newest}`);
      return 0;
    } finally {
      await foundation.close();
    }
  },
};

function headsOf(file: string, text: string): readonly string[] {
  const heads = readHeadsIn(text);
  if (heads.length === 0) throw new Error(`There is no head of an audit trail in ${file}`);
  return heads;
}
