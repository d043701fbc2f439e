import { parseArgs, types } from 'node:util';
import type { AuditEvent } from '../audit/audit-event.ts';
import { brokenSeal } from '../audit/broken-seal.ts';
import { toName } from '../audit/event-details.ts';
import type { Opening } from '../audit/proof.ts';
import { proveEvent } from '../audit/prove-event.ts';
import { revealEvent } from '../auditing/reveal-event.ts';
import { loadConfig } from '../config.ts';
import { SealBroken } from '../crypto/sealed.ts';
import { openFoundation } from '../foundation.ts';
import { parseId } from '../platform/ids.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';

export const auditProveCommand: Command = {
  name: 'audit prove',
  summary: 'Print the proof of one event, for somebody who has only the public key.',
  help: `Usage: gatehouse audit prove ID [--reveal]

Prints a proof that the event ID stood in the audit trail. Whoever has the fingerprint of the first audit key (auditRoot in
the keyring) checks it with docs/verify-audit-proof.mjs, which needs Node and nothing else. What is personal in the event
stays sealed. That it was proved is itself an event.

  --reveal    also shows what is personal in it, so that the proof covers it: the IP and user agent of whoever did it, an
              address, a reason that somebody wrote. WARNING: everybody who gets the file reads these and can prove them,
              also after their person was erased here. Ask for it only where you may give these values away

  gatehouse audit prove 01936a1e-7c3a-7000-8000-000000000001 > proof.json
  node docs/verify-audit-proof.mjs proof.json FINGERPRINT`,

  async run(words, terminal) {
    const { id, reveal } = parse(words);
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const { database, audit, keyring } = foundation;
      const { manager } = database;
      const { proof, event } = await proveEvent(manager, id);
      const openings = reveal
        ? await revealEvent(manager, foundation, event).catch(async (error: unknown) => {
            if (error instanceof SealBroken) await audit.record(manager, brokenSeal(error, OPERATOR));
            throw error;
          })
        : undefined;
      // Before the answer: what cannot be recorded is not shown.
      await audit.record(manager, openings ? toRevealed(id, openings) : PROVED);
      terminal.print(JSON.stringify(openings ? { ...proof, openings } : proof, null, 2));
      terminal.printError(`Fingerprint of the first audit key: ${keyring.auditRoot}`);
    } finally {
      await foundation.close();
    }
    return 0;
  },
};

const PROVED: AuditEvent = { type: 'audit.exported', by: OPERATOR, details: { format: 'PROOF', events: 1 } };

const toRevealed = (id: string, openings: readonly Opening[]): AuditEvent => ({
  type: 'audit.revealed',
  by: OPERATOR,
  subjectId: toName(id),
  details: { fields: openings.flatMap((each) => ('value' in each ? [each.name] : [])) },
});

function parse(words: readonly string[]): { id: string; reveal: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: { reveal: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const id = parseId(positionals.join(' '));
    if (id !== undefined) return { id, reveal: values.reveal };
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
  throw new UsageError('Which event? Its id is a UUID.');
}
