import type { DataSource, EntityManager } from 'typeorm';
import type { KnownDevice } from '../access/request-context.ts';
import { lookupIndex } from '../crypto/blind-index.ts';
import { formatDeviceToken, parseDeviceToken } from '../crypto/device-tokens.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Clock } from '../platform/clock.ts';
import type { CanonicalAddress } from '../platform/email-address.ts';
import type { DeviceId, UserId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import { findUserIdByAddress } from '../users/users.repository.ts';
import { endIfSpent, extendDevice, giveAttemptBack, insertDevice, takeAttempt } from './devices.repository.ts';
import { DEVICE_SECONDS } from './token-delivery.ts';

const ALLOWANCE = { failures: 5, windowSeconds: 3_600 };
const LIVE_DEVICES = 20;

/**
 * Devices that have logged in before (OWASP: device cookies). A login with the token of one is counted by that device alone and
 * waits in a lane of its own for the hashes, so that whoever guesses at an account from anywhere cannot shut its owner out.
 */
export class Devices {
  readonly #parts: { database: DataSource; keyring: Keyring; clock: Clock; random: Random };

  constructor(parts: { database: DataSource; keyring: Keyring; clock: Clock; random: Random }) {
    this.#parts = parts;
  }

  /** The device, with one attempt of its allowance taken; undefined for a token that is made up, another's, ended or spent. */
  async takeAttempt(text: string, address: CanonicalAddress): Promise<KnownDevice | undefined> {
    const { database, keyring, clock } = this.#parts;
    const now = clock.now();
    const token = parseDeviceToken(keyring, text, now);
    if (!token) return undefined;
    const userId = await findUserIdByAddress(database.manager, lookupIndex(keyring, address));
    if (userId !== token.userId) return undefined;
    const device = { deviceId: token.deviceId, userId };
    return (await takeAttempt(database.manager, device, ALLOWANCE, now)) ? device : undefined;
  }

  /** The attempt succeeded, or nothing was tried. */
  async giveBack({ deviceId }: KnownDevice): Promise<void> {
    await giveAttemptBack(this.#parts.database.manager, deviceId);
  }

  /** The attempt failed: with its last one the device is ended. */
  async fail({ deviceId }: KnownDevice): Promise<void> {
    await endIfSpent(this.#parts.database.manager, deviceId, ALLOWANCE, this.#parts.clock.now());
  }

  /** The token for a device that has just logged in: the known one's for longer, else a new one's. The caller holds the user's row. */
  async issue(tx: EntityManager, userId: UserId, known: KnownDevice | undefined): Promise<string> {
    const { keyring, clock, random } = this.#parts;
    const now = clock.now();
    const expiresAt = new Date(now.getTime() + DEVICE_SECONDS * 1000);
    if (known?.userId === userId && (await extendDevice(tx, known.deviceId, expiresAt))) {
      return formatDeviceToken(keyring, { userId, deviceId: known.deviceId, expiresAt });
    }
    const deviceId = randomDeviceId(random);
    const row = { id: deviceId, userId, failures: 0, failuresSince: null, createdAt: now, expiresAt, endedAt: null };
    await insertDevice(tx, row, LIVE_DEVICES);
    return formatDeviceToken(keyring, { userId, deviceId, expiresAt });
  }
}

/** Random in full (UUID version 4): it must tell nothing of when it was made. */
function randomDeviceId(random: Random): DeviceId {
  const bytes = random.bytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as DeviceId;
}
