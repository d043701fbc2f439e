import { type KeyObject, sign, verify } from 'node:crypto';
import type { AuditSigner } from './audit-keys.ts';
import { parseBase64url } from './base64url.ts';

/** What an audit key signs. Each has a `typ` of its own (RFC 8725 §3.11), so that none passes for another, or for a token. */
export type AuditJwsKind = 'head' | 'key' | 'tombstone';

/** The public key of a thumbprint, undefined for one that is not trusted. */
export type FindAuditKey = (thumbprint: string) => KeyObject | undefined;

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64url');
const headerOf = (kind: AuditJwsKind, kid: string) =>
  JSON.stringify({ alg: 'EdDSA', typ: `gatehouse-audit-${kind}+jws`, kid });

/** A compact JWS (RFC 7515 §7.1, Ed25519 by RFC 8037). `kid` is the key's thumbprint. */
export function signAuditJws({ privateKey, thumbprint }: AuditSigner, kind: AuditJwsKind, payload: object): string {
  const input = `${encode(headerOf(kind, thumbprint))}.${encode(JSON.stringify(payload))}`;
  return `${input}.${sign(null, Buffer.from(input, 'utf8'), privateKey).toString('base64url')}`;
}

/** The payload, where a trusted key signed it as this kind; else undefined, whatever `text` is. */
export function readAuditJws(text: string, kind: AuditJwsKind, findKey: FindAuditKey): unknown {
  const [header = '', payload = '', signature = '', ...rest] = text.split('.');
  const parts = [header, payload, signature].map(parseBase64url);
  const [headerBytes, payloadBytes, signatureBytes] = parts;
  if (rest.length > 0 || !headerBytes || !payloadBytes || !signatureBytes) return undefined;
  const kid = /"kid":"([\w-]{43})"/.exec(headerBytes.toString('utf8'))?.[1] ?? '';
  // One spelling of the header: nothing in it is left to a reader's interpretation.
  if (headerBytes.toString('utf8') !== headerOf(kind, kid)) return undefined;
  const key = findKey(kid);
  if (!key || !verify(null, Buffer.from(`${header}.${payload}`, 'utf8'), key, signatureBytes)) return undefined;
  return JSON.parse(payloadBytes.toString('utf8'));
}
