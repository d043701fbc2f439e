// Checks a proof of `gatehouse audit prove` or a line of `gatehouse audit export`: node verify-audit-proof.mjs PROOF FINGERPRINT
// FINGERPRINT is that of the trail's first audit key, which you were given beforehand. Needs Node alone, and no network.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [file, root] = process.argv.slice(2);
const proof = JSON.parse(readFileSync(file, 'utf8'));
const bytes = (text) => Buffer.from(text, 'base64url');
const hash = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const check = (holds, what) => {
  if (!holds) throw new Error(`NOT PROVED: ${what}`);
};
const open = (jws, kind, keys) => {
  const [header, payload, signature] = jws.split('.');
  const { alg, typ, kid } = JSON.parse(bytes(header));
  check(alg === 'EdDSA' && typ === `gatehouse-audit-${kind}+jws` && keys.has(kid), `an unknown key signed the ${kind}`);
  check(
    verify(null, Buffer.from(`${header}.${payload}`), keys.get(kid), bytes(signature)),
    `the signature of the ${kind}`,
  );
  return JSON.parse(bytes(payload));
};

const trusted = new Map(); // thumbprint (RFC 7638) → key, from the root on, each introduced by one before
for (const { publicKey: x, introduction } of proof.keys) {
  const thumbprint = hash(Buffer.from(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))).toString('base64url');
  if (trusted.size > 0) check(open(introduction, 'key', trusted).thumbprint === thumbprint, 'the chain of keys');
  else check(thumbprint === root, 'the first key is not the one of the fingerprint');
  trusted.set(thumbprint, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }));
}
const head = open(proof.head, 'head', trusted);

let [node, index, last] = [hash(Buffer.of(0), bytes(proof.bytes)), proof.index, proof.size - 1]; // RFC 9162 §2.1.3.2
check(proof.size === head.lastPosition - head.firstPosition + 1 && index <= last, 'the size of the batch');
for (const sibling of proof.path.map(bytes)) {
  const isRight = index % 2 === 1 || index === last;
  node = isRight ? hash(Buffer.of(1), sibling, node) : hash(Buffer.of(1), node, sibling);
  while (isRight && index % 2 === 0 && index > 0) [index, last] = [index >> 1, last >> 1];
  [index, last] = [index >> 1, last >> 1];
}
check(last === 0 && node.equals(bytes(head.root)), 'the event is not in the signed batch');

const fields = [];
for (let rest = bytes(proof.bytes); rest.length > 0; rest = rest.subarray(4 + rest.readUInt32BE()))
  fields.push(rest.subarray(4, 4 + rest.readUInt32BE()));
const shown = (proof.openings ?? []).map(({ name, salt, value, erased }) => {
  const [random, commitment] = [bytes(salt ?? ''), fields[{ origin: 14, subject: 17 }[name]]?.subarray(1)];
  check(erased || (random.length === 32 && commitment?.equals(hash(random, Buffer.from(value)))), `the ${name}`);
  return `, ${name} ${erased ? 'erased' : value}`;
});
const text = (at, nullable) => fields[at].subarray(nullable ? 1 : 0).toString() || null;
process.stdout.write(`PROVED: ${text(1)} ${text(2)} ${text(3)} ${text(4)}, actor ${text(6, true)}, subject ${text(7, true)}
details ${text(11)}${shown.join('')}, position ${head.firstPosition + proof.index}, sealed ${head.sealedAt} by ${head.node}\n`);
