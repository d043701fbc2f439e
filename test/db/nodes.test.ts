import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Keyring, parseKeyring } from '../../src/crypto/keyring.ts';
import { activateKey, addKey } from '../../src/crypto/keyring-edit.ts';
import { requireOnEveryNode } from '../../src/keys/node-check.ts';
import { NodeRegistration } from '../../src/keys/node-registration.ts';
import { findLiveNodes } from '../../src/keys/nodes.repository.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type AuditDatabase, auditDatabase } from '../support/audit-database.ts';
import { keyringJson } from '../support/keyrings.ts';
import { recordingLogger } from '../support/recording-logger.ts';

let db: AuditDatabase;
beforeEach(async () => {
  db = await auditDatabase();
});
afterEach(() => db.close());

const text = JSON.stringify(keyringJson());

function node(name: string, source: { text: string }) {
  const logger = recordingLogger();
  const keyring: Keyring = parseKeyring(text);
  const rereadKeyring = async () => source.text;
  const registration = new NodeRegistration({ ...db, keyring, logger, name, random: systemRandom, rereadKeyring });
  return { keyring, lines: logger.lines, registration };
}

const held = async () => (await findLiveNodes(db.database.manager)).map(({ name, keys }) => [name, keys.held.length]);

describe('a running server', () => {
  test('is known with its keys, takes on those that its file has gained, and is gone when it stops', async () => {
    const source = { text };
    const { keyring, registration } = node('one', source);
    await registration.beat();
    expect(await held()).toEqual([['one', 5]]);
    source.text = activateKey(addKey(text, 'wrapping', systemRandom).text, 'wrapping', 'w2');
    await registration.beat();
    expect([await held(), keyring.active('wrapping').id]).toEqual([[['one', 6]], 'w2']);
    await registration.stop();
    expect(await held()).toEqual([]);
  });

  test('keeps the keys in memory while its file is broken, says so once and without a word of it, and goes on after', async () => {
    const source = { text };
    const { keyring, lines, registration } = node('one', source);
    await registration.beat();
    source.text = text.slice(0, 100);
    await registration.beat();
    await registration.beat();
    expect(keyring.active('wrapping').id).toBe('w1');
    const told = lines.filter(({ level }) => level === 'error');
    expect(told).toHaveLength(1);
    expect(JSON.stringify(told)).toContain('not valid JSON');
    source.text = addKey(text, 'pepper', systemRandom).text;
    await registration.beat();
    expect(keyring.all('pepper')).toHaveLength(2);
  });

  test('that gives no sign for thirty seconds counts no more, and leaves the table in time', async () => {
    const [one, two] = [node('one', { text }), node('two', { text })];
    await one.registration.beat();
    await two.registration.beat();
    await db.database.query("UPDATE nodes SET seen_at = now() - interval '31 seconds' WHERE name = 'one'");
    expect(await held()).toEqual([['two', 5]]);
    await db.database.query("UPDATE nodes SET seen_at = now() - interval '1 hour' WHERE name = 'one'");
    await two.registration.beat();
    expect(await db.database.query('SELECT name FROM nodes')).toEqual([{ name: 'two' }]);
  });
});

test('a server that holds another key of the same id lacks it', async () => {
  const [one, two] = [addKey(text, 'wrapping', systemRandom).text, addKey(text, 'wrapping', systemRandom).text];
  await node('one', { text: one }).registration.beat();
  const key = { purpose: 'wrapping', id: 'w2' } as const;
  await expect(requireOnEveryNode(db.database.manager, parseKeyring(one), key)).resolves.toBeUndefined();
  await expect(requireOnEveryNode(db.database.manager, parseKeyring(two), key)).rejects.toThrow(/key "w2" yet: one/);
});
