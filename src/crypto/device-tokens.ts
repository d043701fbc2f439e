import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DeviceId, UserId } from '../platform/ids.ts';
import { parseId } from '../platform/ids.ts';
import { parseBase64url } from './base64url.ts';
import type { Keyring } from './keyring.ts';
import { lengthPrefixed } from './length-prefixed.ts';

/** What a device token says: this browser or app has logged in as that user before. No address. */
export interface DeviceToken {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly expiresAt: Date;
}

const VERSION = '1';
const LABEL = 'device-token';
const TOKEN = /^1\.([\w-]{22})\.([\w-]{22})\.([1-9][0-9]{0,12})\.([\w-]{43})$/;

const toText = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
const fromText = (text: string) =>
  (parseBase64url(text)?.toString('hex') ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const macUnder = (keyring: Keyring, systemKeyId: string, { userId, deviceId, expiresAt }: DeviceToken) =>
  createHmac('sha256', keyring.subkeysOf('system', systemKeyId, LABEL))
    .update(lengthPrefixed(VERSION, userId, deviceId, String(expiresAt.getTime())))
    .digest();

/** `version.user.device.expiry.MAC`: OWASP's device cookie, bound to one user and known to the server by its id. */
export function formatDeviceToken(keyring: Keyring, token: DeviceToken): string {
  const mac = macUnder(keyring, keyring.active('system').id, token).toString('base64url');
  return [VERSION, toText(token.userId), toText(token.deviceId), token.expiresAt.getTime(), mac].join('.');
}

/** The token that `text` spells, if a system key that is held made it and its time is not over; else undefined. */
export function parseDeviceToken(keyring: Keyring, text: string, now: Date): DeviceToken | undefined {
  const [, user = '', device = '', expiry = '', macText = ''] = TOKEN.exec(text) ?? [];
  const userId = parseId<UserId>(fromText(user));
  const deviceId = parseId<DeviceId>(fromText(device));
  const mac = parseBase64url(macText);
  if (!userId || !deviceId || !mac) return undefined;
  const token = { userId, deviceId, expiresAt: new Date(Number(expiry)) };
  const isOurs = keyring
    .all('system')
    .map(({ id }) => macUnder(keyring, id, token))
    .some((made) => made.length === mac.length && timingSafeEqual(made, mac));
  return isOurs && token.expiresAt > now ? token : undefined;
}
