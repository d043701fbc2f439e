import { parseArgs, types } from 'node:util';
import { proveEvent } from '../audit/prove-event.ts';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import { parseId } from '../platform/ids.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';

export const auditProveCommand: Command = {
  name: 'audit prove',
  summary: 'Print the proof of one event, for somebody who has only the public key.',
  help: `Usage: gatehouse audit prove ID

Prints a proof that the event ID stood in the audit trail. Whoever has the fingerprint of the first audit key (auditRoot in
the keyring) checks it with docs/verify-audit-proof.mjs, which needs Node and nothing else. What is personal in the event
stays sealed. That it was proved is itself an event.

  gatehouse audit prove 01936a1e-7c3a-7000-8000-000000000001 > proof.json
  node docs/verify-audit-proof.mjs proof.json FINGERPRINT`,

  async run(words, terminal) {
    const id = parse(words);
    const foundation = await openFoundation(loadConfig(terminal.env, terminal.facts));
    try {
      const { database, audit, keyring } = foundation;
      const proof = await proveEvent(database.manager, id);
      terminal.print(JSON.stringify(proof, null, 2));
      terminal.printError(`Fingerprint of the first audit key: ${keyring.auditRoot}`);
      await audit.record(database.manager, {
        type: 'audit.exported',
        by: OPERATOR,
        details: { format: 'PROOF', events: 1 },
      });
    } finally {
      await foundation.close();
    }
    return 0;
  },
};

function parse(words: readonly string[]): string {
  let id: string | undefined;
  try {
    id = parseId(parseArgs({ args: [...words], allowPositionals: true }).positionals.join(' '));
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
  if (id === undefined) throw new UsageError('Which event? Its id is a UUID.');
  return id;
}
