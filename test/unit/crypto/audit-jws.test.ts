import { sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type AuditJwsKind, readAuditJws, signAuditJws } from '../../../src/crypto/audit-jws.ts';
import { auditSigner } from '../../../src/crypto/audit-keys.ts';
import { keyringOf } from '../../support/keyrings.ts';

const signer = auditSigner(keyringOf(), 'a1');
const stranger = auditSigner(keyringOf('another'), 'a1');
const KINDS: readonly AuditJwsKind[] = ['head', 'key', 'tombstone'];
const PAYLOAD = { seal: 7 };
const read = (text: string, kind: AuditJwsKind = 'head') =>
  readAuditJws(text, kind, (thumbprint) => (thumbprint === signer.thumbprint ? signer.publicKey : undefined));

/** Signed by the right key, whatever the header says. */
function signUnder(header: string): string {
  const input = [header, JSON.stringify(PAYLOAD)].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${sign(null, Buffer.from(input), signer.privateKey).toString('base64url')}`;
}
const headerOf = (more: object) =>
  JSON.stringify({ alg: 'EdDSA', typ: 'gatehouse-audit-head+jws', kid: signer.thumbprint, ...more });

describe('what an audit key signed', () => {
  test.each(KINDS)('as a %s is read as that, and as nothing else', (kind) => {
    const text = signAuditJws(signer, kind, PAYLOAD);
    for (const each of KINDS) expect(read(text, each)).toEqual(each === kind ? PAYLOAD : undefined);
  });

  test('is read under its own spelling of the header alone: no other type, algorithm or member', () => {
    expect(read(signUnder(headerOf({})))).toEqual(PAYLOAD);
    for (const more of [
      { typ: 'JWT' },
      { typ: 'at+jwt' },
      { alg: 'none' },
      { alg: 'HS256' },
      { crit: [] },
      { jwk: {} },
    ])
      expect(read(signUnder(headerOf(more)))).toBeUndefined();
    expect(read(signUnder(` ${headerOf({})}`))).toBeUndefined();
  });

  test('is not read with another signature, another payload, or a part more or fewer', () => {
    const [header, payload, signature] = signAuditJws(signer, 'head', PAYLOAD).split('.');
    const other = Buffer.from(JSON.stringify({ seal: 8 })).toString('base64url');
    for (const parts of [
      [header, other, signature],
      [header, payload, Buffer.alloc(64).toString('base64url')],
      [header, payload, ''],
      [header, payload],
      [header, payload, signature, ''],
      [header, payload, `${signature}=`],
    ])
      expect(read(parts.join('.'))).toBeUndefined();
  });

  test('is not read from a key that is not trusted, nor under the name of one that is', () => {
    expect(read(signAuditJws(stranger, 'head', PAYLOAD))).toBeUndefined();
    expect(read(signAuditJws({ ...stranger, thumbprint: signer.thumbprint }, 'head', PAYLOAD))).toBeUndefined();
  });
});
