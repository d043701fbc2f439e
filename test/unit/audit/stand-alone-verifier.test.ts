import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { introduceKey } from '../../../src/audit/audit-key-chain.ts';
import { canonicalBytes } from '../../../src/audit/canonical-event.ts';
import { eventMac } from '../../../src/audit/event-mac.ts';
import { BEFORE_FIRST_HEAD, type Head, signHead } from '../../../src/audit/head.ts';
import { leafHash, merkleRoot } from '../../../src/audit/merkle.ts';
import { makeProof, toProvenBatch } from '../../../src/audit/proof.ts';
import { signAuditJws } from '../../../src/crypto/audit-jws.ts';
import { type AuditSigner, auditSigner } from '../../../src/crypto/audit-keys.ts';
import { FULL_EVENT } from '../../support/audit-events.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = rotated('audit', 'a2');
const [first, second] = [auditSigner(keyring, 'a1'), auditSigner(keyring, 'a2')];
const stranger = auditSigner(keyringOf('stranger'), 'a1');

const events = [1, 2, 3, 4, 5].map((number) => {
  const event = { ...FULL_EVENT, id: `019364a1-7c3a-7000-8000-00000000000${number}` };
  return { ...event, mac: eventMac(keyring, event) };
});
const leaves = events.map((event) => leafHash(canonicalBytes(event)));
const HEAD: Head = {
  seal: 7,
  previous: BEFORE_FIRST_HEAD.toString('base64url'),
  firstPosition: 11,
  lastPosition: 15,
  firstEvent: events[0]?.id ?? '',
  lastEvent: events[4]?.id ?? '',
  root: merkleRoot(leaves).toString('base64url'),
  sealedAt: '2026-11-24T07:02:51.000Z',
  node: 'node-1',
};
const keyOf = (key: AuditSigner, by: AuditSigner) => ({
  publicKey: key.publicJwk.x,
  introduction: introduceKey(by, key),
});
const seal = {
  id: HEAD.seal,
  previous: BEFORE_FIRST_HEAD,
  firstPosition: HEAD.firstPosition,
  lastPosition: HEAD.lastPosition,
  root: merkleRoot(leaves),
  head: signHead(second, HEAD),
  auditKeyId: 'a2',
  node: HEAD.node,
  sealedAt: new Date(HEAD.sealedAt),
};
const batch = toProvenBatch(
  seal,
  events.map((event, at) => ({ position: 11 + at, sealId: 7, id: event.id, leaf: leaves[at] ?? Buffer.of(), event })),
);
const stored = [first, second].map((key, at) => ({
  id: key.id,
  previous: at === 0 ? '' : 'a1',
  publicKey: Buffer.from(key.publicJwk.x, 'base64url'),
  introduction: introduceKey(first, key),
  introducedAt: new Date(0),
}));
const proofOf = (index: number) => makeProof(batch, index, stored);

const folder = mkdtempSync(join(tmpdir(), 'proof-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the verifier prints for a proof, run as a third party runs it; what it ends with where it proves nothing. */
async function check(proof: object, root = first.thumbprint): Promise<string> {
  const file = join(folder, 'proof.json');
  writeFileSync(file, JSON.stringify(proof));
  return promisify(execFile)(process.execPath, ['docs/verify-audit-proof.mjs', file, root]).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => /^Error: (NOT PROVED: .*)/m.exec(stderr)?.[1] ?? `failed: ${stderr}`,
  );
}

describe('the stand-alone verifier', () => {
  test.each([0, 1, 2, 3, 4])(
    'takes the proof of event %i of a batch, by a key that the first one introduced',
    async (index) => {
      const said = await check(proofOf(index));
      expect(said).toContain(`PROVED: ${events[index]?.id} `);
      expect(said).toContain(`position ${11 + index}, sealed ${HEAD.sealedAt} by node-1`);
    },
  );

  test('takes no first key but that of the fingerprint, and no key that none before it introduced', async () => {
    expect(await check(proofOf(0), second.thumbprint)).toContain('the first key is not the one');
    const forged = { ...proofOf(0), head: signHead(stranger, HEAD) };
    const own = (by: AuditSigner) => ({ ...forged, keys: [...forged.keys, keyOf(stranger, by)] });
    expect(await check(forged)).toContain('an unknown key signed the head');
    expect(await check(own(stranger))).toContain('an unknown key signed the key');
    expect(await check(own({ ...stranger, thumbprint: second.thumbprint }))).toContain('the signature of the key');
    const borrowed = { ...keyOf(stranger, stranger), introduction: introduceKey(first, second) };
    expect(await check({ ...forged, keys: [...forged.keys, borrowed] })).toContain('the chain of keys');
  });

  test('takes no head that the key did not sign, or signed as something else', async () => {
    const [header, payload, signature] = seal.head.split('.');
    const other = Buffer.from(JSON.stringify({ ...HEAD, node: 'node-2' })).toString('base64url');
    expect(await check({ ...proofOf(0), head: [header, other, signature].join('.') })).toContain('the signature of');
    expect(await check({ ...proofOf(0), head: `${header}.${payload}.` })).toContain('the signature of the head');
    const head = signAuditJws(second, 'tombstone', HEAD);
    expect(await check({ ...proofOf(0), head })).toContain('an unknown key signed the head');
  });

  const proof = proofOf(1);
  const reRooted = (root: Buffer, size: number) =>
    signHead(second, { ...HEAD, lastPosition: HEAD.firstPosition + size - 1, root: root.toString('base64url') });
  test.each<[string, object]>([
    ['the bytes of another', { bytes: proofOf(2).bytes }],
    ['the place before', { index: 0 }],
    ['a place behind the last', { index: 5 }],
    ['a place twice as far', { index: 6 }],
    ['a path without its first step', { path: proof.path.slice(1) }],
    ['a path without its last step', { path: proof.path.slice(0, -1) }],
    ['a path with one step more', { path: [...proof.path, proof.path[0]] }],
    ['a path the other way', { path: [...proof.path].reverse() }],
    ['a larger batch', { size: 6 }],
    ['a smaller batch', { size: 4 }],
    ['a batch of itself alone', { path: [], index: 0, size: 1 }],
    ['the root of a batch as its own', { path: [], index: 0, size: 1, head: reRooted(merkleRoot(leaves), 1) }],
    ['no path, in a batch whose root it is', { path: [], index: 0, head: reRooted(leaves[1] ?? Buffer.of(), 5) }],
  ])('takes no event with %s', async (_, changed) => {
    expect(await check({ ...proof, ...changed })).toMatch(/^NOT PROVED: the /);
  });
});
