import { describe, expect, test } from '@jest/globals';
import { Sealed } from '../../src/crypto/sealed.ts';
import { nextStep, PUBLISHED_SECONDS } from '../../src/sessions/signing-key-schedule.ts';
import type { StoredSigningKey } from '../../src/sessions/signing-keys.repository.ts';

const DAY = 86_400;
const START = new Date('2026-11-24T07:00:00Z');
const after = (seconds: number) => new Date(START.getTime() + seconds * 1000);

const key = (
  id: string,
  state: StoredSigningKey['state'],
  times: Partial<StoredSigningKey> = {},
): StoredSigningKey => ({
  id,
  algorithm: 'EdDSA',
  publicKey: {},
  privateKey: new Sealed(Buffer.of()),
  systemKeyId: 's1',
  state,
  createdAt: START,
  currentAt: state === 'CURRENT' ? START : null,
  retiredAt: state === 'RETIRED' || state === 'REVOKED' ? START : null,
  ...times,
});
const stepAt = (seconds: number, keys: readonly StoredSigningKey[], algorithm: 'EdDSA' | 'ES256' = 'EdDSA') =>
  nextStep(keys, { algorithm, rotateSeconds: 30 * DAY, now: after(seconds) });

describe('the next step about the signing keys', () => {
  test('is to make one where there is none that signs', () => {
    expect(stepAt(0, [])).toEqual({ do: 'BEGIN' });
    expect(stepAt(0, [key('k0', 'REVOKED')])).toEqual({ do: 'BEGIN' });
  });

  test('is to publish the next one long before it signs', () => {
    expect(stepAt(1, [key('k1', 'CURRENT')])).toEqual({ do: 'PUBLISH' });
  });

  test('is to let the next one sign once the current one had its time, and not a second earlier', () => {
    const keys = [key('k1', 'CURRENT'), key('k2', 'NEXT')];
    expect(stepAt(30 * DAY - 1, keys)).toBeUndefined();
    expect(stepAt(30 * DAY, keys)).toEqual({ do: 'PROMOTE', id: 'k2' });
  });

  test('waits until every verifier that caches the published keys knows the next one', () => {
    const late = after(30 * DAY);
    const keys = [key('k1', 'CURRENT'), key('k2', 'NEXT', { createdAt: late })];
    expect(stepAt(30 * DAY + PUBLISHED_SECONDS - 1, keys)).toBeUndefined();
    expect(stepAt(30 * DAY + PUBLISHED_SECONDS, keys)).toEqual({ do: 'PROMOTE', id: 'k2' });
  });

  test.each(['RETIRED', 'REVOKED'] as const)(
    'removes a %s key when the longest-lived of its tokens has expired',
    (state) => {
      const keys = [key('k0', state), key('k1', 'CURRENT'), key('k2', 'NEXT')];
      expect(stepAt(3_600, keys)).toBeUndefined();
      expect(stepAt(3_900, keys)).toEqual({ do: 'REMOVE', ids: ['k0'] });
    },
  );

  test('turns to another algorithm as soon as a key of it is published for long enough', () => {
    const keys = [key('k1', 'CURRENT'), key('k2', 'NEXT')];
    expect(stepAt(1, keys, 'ES256')).toEqual({ do: 'REMOVE', ids: ['k2'] });
    const changed = [key('k1', 'CURRENT'), key('k3', 'NEXT', { algorithm: 'ES256' })];
    expect(stepAt(1, changed, 'ES256')).toBeUndefined();
    expect(stepAt(PUBLISHED_SECONDS, changed, 'ES256')).toEqual({ do: 'PROMOTE', id: 'k3' });
  });
});
