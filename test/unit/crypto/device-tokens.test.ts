import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type DeviceToken, formatDeviceToken, parseDeviceToken } from '../../../src/crypto/device-tokens.ts';
import type { DeviceId, UserId } from '../../../src/platform/ids.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = keyringOf();
const now = new Date('2026-11-24T07:00:00Z');
const token: DeviceToken = {
  userId: '0190aaaa-0000-7000-8000-00000000000a' as UserId,
  deviceId: '4d1fb2e6-7c1a-4f6e-9b3d-2a5c8e7f0b19' as DeviceId,
  expiresAt: new Date('2027-11-24T07:00:00Z'),
};
const text = formatDeviceToken(keyring, token);
const [version = '', user = '', device = '', expiry = '', mac = ''] = text.split('.');

describe('a device token', () => {
  test('is version, user, device, expiry and MAC, and tells no address', () => {
    expect(text).toMatch(/^1\.[\w-]{22}\.[\w-]{22}\.1827039600000\.[\w-]{43}$/);
    const message = `\0\0\0\x011\0\0\0\x24${token.userId}\0\0\0\x24${token.deviceId}\0\0\0\r1827039600000`;
    const key = keyring.subkeysOf('system', 's1', 'device-token');
    expect(mac).toBe(createHmac('sha256', key).update(message).digest('base64url'));
    expect(parseDeviceToken(keyring, text, now)).toEqual(token);
  });

  test('is good until its expiry, and not in that very millisecond', () => {
    expect(parseDeviceToken(keyring, text, new Date(token.expiresAt.getTime() - 1))).toEqual(token);
    expect(parseDeviceToken(keyring, text, token.expiresAt)).toBeUndefined();
  });

  test('of another keyring is none', () => {
    expect(parseDeviceToken(keyringOf('another'), text, now)).toBeUndefined();
  });

  test('outlives a rotation of the system key while the old one is held, and not after', () => {
    const newer = rotated('system', 's2');
    expect(parseDeviceToken(newer, text, now)).toEqual(token);
    expect(parseDeviceToken(rotated('system', 's2', { keepsOld: false }), text, now)).toBeUndefined();
    const made = formatDeviceToken(newer, token);
    expect(made).not.toBe(text);
    expect(parseDeviceToken(newer, made, now)).toEqual(token);
    expect(parseDeviceToken(keyring, made, now)).toBeUndefined();
  });

  const other = formatDeviceToken(keyring, {
    userId: '0190aaaa-0000-7000-8000-00000000000b' as UserId,
    deviceId: '4d1fb2e6-7c1a-4f6e-9b3d-2a5c8e7f0b1a' as DeviceId,
    expiresAt: new Date('2028-01-01T00:00:00Z'),
  }).split('.');

  test.each([
    ['another version', ['2', user, device, expiry, mac]],
    ['another user', [version, other[1], device, expiry, mac]],
    ['another device', [version, user, other[2], expiry, mac]],
    ['user and device changed over', [version, device, user, expiry, mac]],
    ['a later expiry', [version, user, device, other[3], mac]],
    ['the MAC of another', [version, user, device, expiry, other[4]]],
    ['no MAC', [version, user, device, expiry, '']],
    ['a shorter MAC', [version, user, device, expiry, mac.slice(0, -1)]],
    ['a part less', [version, user, device, mac]],
    ['a part more', [version, user, device, expiry, mac, mac]],
    ['its ids written as UUIDs', [version, token.userId, token.deviceId, expiry, mac]],
    ['its expiry with a zero before', [version, user, device, `0${expiry}`, mac]],
    ['its expiry as another number', [version, user, device, '1.8270396e12', mac]],
    ['a sign before its expiry', [version, user, device, `+${expiry}`, mac]],
    ['an expiry beyond time', [version, user, device, '9'.repeat(13), mac]],
  ])('with %s is none', (_, parts) => {
    expect(parseDeviceToken(keyring, parts.join('.'), now)).toBeUndefined();
  });

  test('has one spelling: anything else is none', () => {
    // 43 characters spell 258 bits, and 22 spell 132: the last one of a part has bits to spare.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken = (spell: (end: string) => string[]) =>
      [...alphabet].filter((end) => parseDeviceToken(keyring, spell(end).join('.'), now));
    expect(taken((end) => [version, user, device, expiry, mac.slice(0, -1) + end])).toEqual([mac.slice(-1)]);
    expect(taken((end) => [version, user.slice(0, -1) + end, device, expiry, mac])).toEqual([user.slice(-1)]);
    expect(taken((end) => [version, user, device.slice(0, -1) + end, expiry, mac])).toEqual([device.slice(-1)]);
    const others = ['', '.', '....', `${text}=`, `${text}\n`, ` ${text}`, text.slice(1), text.toUpperCase()];
    for (const spelling of [...others, 'a'.repeat(1_000_000)]) {
      expect(parseDeviceToken(keyring, spelling, now)).toBeUndefined();
    }
  });
});
