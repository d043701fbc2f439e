import { describe, expect, test } from '@jest/globals';
import { type CanonicalEvent, canonicalBytes } from '../../../src/audit/canonical-event.ts';
import { eventMac, verifyMac } from '../../../src/audit/event-mac.ts';
import { CHANGES, FULL_EVENT } from '../../support/audit-events.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = keyringOf();
const signed = { ...FULL_EVENT, mac: eventMac(keyring, FULL_EVENT) };
const fields = Object.keys(CHANGES) as (keyof CanonicalEvent)[];

describe('the bytes of an event', () => {
  test('are what they were when the format was fixed', () => {
    const text = canonicalBytes({ ...FULL_EVENT, originCommitment: null, subjectCommitment: null }).toString('latin1');
    const spelled = [
      '\0\0\0\x17gatehouse-audit-event/1',
      '\0\0\0\x24019364a1-7c3a-7000-8000-000000000001',
      '\0\0\0\x182026-11-24T07:02:50.123Z',
      '\0\0\0\x0fsession.created',
      '\0\0\0\x07SUCCESS',
      '\0\0\0\x04USER',
      '\0\0\0\x25\x01019364a1-7c3a-7000-8000-00000000000a',
      '\0\0\0\x25\x01019364a1-7c3a-7000-8000-00000000000b',
      '\0\0\0\x06\x01Login',
      '\0\0\0\x0a\x01request-1',
      '\0\0\0\x06node-1',
      '\0\0\0\x58{"factors":["pwd"],"knownDevice":false,"session":"019364a1-7c3a-7000-8000-00000000000c"}',
      '\0\0\0\x05\x01DATA',
      '\0\0\0\x25\x01019364a1-7c3a-7000-8000-00000000000d',
      '\0\0\0\0',
      '\0\0\0\x04\x01DAY',
      '\0\0\0\x25\x01019364a1-7c3a-7000-8000-00000000000e',
      '\0\0\0\0',
      '\0\0\0\x02a1',
    ].join('');
    expect(text).toBe(spelled);
  });

  test.each(fields)('are others when %s is another', (field) => {
    if (field === 'format') expect(() => canonicalBytes({ ...FULL_EVENT, format: 2 })).toThrow(TypeError);
    else expect(canonicalBytes({ ...FULL_EVENT, [field]: CHANGES[field] })).not.toEqual(canonicalBytes(FULL_EVENT));
  });

  test('tell a null from an empty text, and where one field ends and the next begins', () => {
    const bytes = (part: Partial<CanonicalEvent>) => canonicalBytes({ ...FULL_EVENT, ...part });
    expect(bytes({ requestId: null })).not.toEqual(bytes({ requestId: '' }));
    expect(bytes({ operationName: 'ab', requestId: 'c' })).not.toEqual(bytes({ operationName: 'a', requestId: 'bc' }));
  });

  test('are the same however jsonb orders the details', () => {
    const details = Object.fromEntries(Object.entries(FULL_EVENT.details).reverse());
    expect(canonicalBytes({ ...FULL_EVENT, details })).toEqual(canonicalBytes(FULL_EVENT));
  });
});

describe('the MAC of an event', () => {
  test('is HMAC-SHA-256 over those bytes under a key derived from the audit key', () => {
    // Worked out apart from this code, by HKDF (RFC 5869) and HMAC of another language’s library.
    expect(signed.mac.toString('hex')).toBe('8dfece0252cce1d1d080550442cad71680473d5db0616e3811e63976fd9fc7c7');
  });

  test('holds for the row as it was written', () => {
    expect(verifyMac(keyring, signed)).toBe('INTACT');
  });

  test.each(fields)('fails when %s was changed', (field) => {
    const verdict = verifyMac(keyring, { ...signed, [field]: CHANGES[field] });
    expect(verdict).toBe(field === 'auditKeyId' ? 'KEY_MISSING' : 'BROKEN');
  });

  test('fails when it was itself changed, cut or lengthened', () => {
    const flipped = Buffer.from(signed.mac);
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1);
    for (const mac of [flipped, signed.mac.subarray(1), Buffer.concat([signed.mac, Buffer.of(0)]), Buffer.alloc(0)]) {
      expect(verifyMac(keyring, { ...signed, mac })).toBe('BROKEN');
    }
  });

  test('of another keyring does not hold', () => {
    expect(verifyMac(keyringOf('another'), signed)).toBe('BROKEN');
  });

  test('holds after the audit key was rotated, as long as the old one is kept', () => {
    expect(verifyMac(rotated('audit', 'a2'), signed)).toBe('INTACT');
    expect(verifyMac(rotated('audit', 'a2', { keepsOld: false }), signed)).toBe('KEY_MISSING');
  });

  test('of a planted row that has no canonical form is broken, not an exception', () => {
    const planted = [
      { ...signed, details: { session: 0.5 } },
      { ...signed, at: new Date(Number.NaN) },
      { ...signed, at: Number.POSITIVE_INFINITY as unknown as Date },
      { ...signed, node: '\ud800' },
      { ...signed, node: '\ud800', auditKeyId: 'made-up' },
    ];
    for (const row of planted) expect(verifyMac(keyring, row)).toBe('BROKEN');
  });
});
