import { parseArgs, types } from 'node:util';
import { toName } from '../audit/event-details.ts';
import { loadConfig } from '../config.ts';
import { openFoundation } from '../foundation.ts';
import { makeSigningKeys } from '../signing-keys.ts';
import { type Command, UsageError } from './command.ts';

export const keysRotateCommand: Command = {
  name: 'keys rotate',
  summary: 'Let another key take over.',
  help: `Usage: gatehouse keys rotate --signing [--now]

Lets the next key sign access tokens. Signing keys rotate by themselves (SIGNING_KEY_SECONDS); this does it earlier, as soon
as every verifier that caches the published keys knows the next one.

  --signing    the keys of access tokens
  --now        for an incident: revokes all signing keys and every access token at once, on every server. People stay
               logged in: their clients get TOKEN_EXPIRED and refresh. Services that cache the published keys refuse the
               new tokens until they fetch them again.

  gatehouse keys rotate --signing --now`,

  async run(words, terminal) {
    const { signing = false, now = false } = parse(words);
    if (!signing) throw new UsageError('Which keys?');
    const config = loadConfig(terminal.env, terminal.facts);
    const foundation = await openFoundation(config);
    try {
      const keys = makeSigningKeys(config, foundation);
      const by = { kind: 'OPERATOR', id: toName('command-line') } as const;
      const id = now ? await keys.replaceAll(by) : await keys.promote(by);
      terminal.print(now ? `All signing keys are revoked. ${id} signs from now on.` : `${id} signs from now on.`);
    } finally {
      await foundation.close();
    }
    return 0;
  },
};

function parse(words: readonly string[]) {
  try {
    const options = { signing: { type: 'boolean' }, now: { type: 'boolean' } } as const;
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
}
