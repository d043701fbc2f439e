import type { DayKeyId } from '../platform/ids.ts';
import type { Random } from '../platform/random.ts';
import type { Keyring } from './keyring.ts';
import { KEY_BYTES } from './keyring-text.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import { SealBroken, type SealingKey, toSealingKey } from './sealed.ts';
import { BOX_VERSION, openBox, sealBox } from './sealed-box.ts';

/** The key of one day, for what belongs to nobody known, as it stands in its row. */
export interface WrappedDayKey {
  readonly id: DayKeyId;
  readonly wrapped: Buffer;
  readonly wrappingKeyId: string;
}

const aadOf = ({ id, wrappingKeyId }: Omit<WrappedDayKey, 'wrapped'>) =>
  lengthPrefixed('day', BOX_VERSION, id, wrappingKeyId);

/** Makes a random key for `id` and wraps it under the active wrapping key. */
export function wrapDayKey(keyring: Keyring, id: DayKeyId, random: Random): { row: WrappedDayKey; key: SealingKey } {
  const secret = random.bytes(KEY_BYTES);
  const wrapping = keyring.active('wrapping');
  const facts = { id, wrappingKeyId: wrapping.id };
  return {
    row: { ...facts, wrapped: sealBox(wrapping.secret, aadOf(facts), secret, random) },
    key: toSealingKey(id, secret),
  };
}

/** Throws SealBroken for a row that was changed, and KeyMissing. */
export function unwrapDayKey(keyring: Keyring, row: WrappedDayKey): SealingKey {
  const wrapping = keyring.get('wrapping', row.wrappingKeyId);
  const secret = openBox(wrapping.secret, aadOf(row), row.wrapped);
  if (secret === undefined) {
    throw new SealBroken({ table: 'day_keys', column: 'wrapped', rowId: row.id }, row.wrappingKeyId);
  }
  return toSealingKey(row.id, secret);
}

/** The same key under the active wrapping key. Throws SealBroken and KeyMissing. */
export function rewrapDayKey(keyring: Keyring, row: WrappedDayKey, random: Random): WrappedDayKey {
  const { secret } = unwrapDayKey(keyring, row);
  const wrapping = keyring.active('wrapping');
  const facts = { id: row.id, wrappingKeyId: wrapping.id };
  return { ...facts, wrapped: sealBox(wrapping.secret, aadOf(facts), secret.export(), random) };
}
