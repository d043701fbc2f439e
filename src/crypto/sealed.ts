import { createSecretKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import type { ValueTransformer } from 'typeorm';
import type { Random } from '../platform/random.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import { BOX_VERSION, openBox, sealBox } from './sealed-box.ts';

/** Where a sealed value stands. It opens nowhere else. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

/** What may be sealed: what JSON keeps whole. `object` stands for plain data; a Date, a Map or a function is refused at the call. */
export type Json = string | number | boolean | null | object;

/** A key for AES-256, and the id by which sealed values name it. */
export interface SealingKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: KeyObject;
}

export const toSealingKey = (id: string, secret: Buffer): SealingKey => ({ id, secret: createSecretKey(secret) });

declare const holds: unique symbol;

/** A value that only `open` can read. It prints, and goes into JSON and templates, as `[sealed]`. */
export class Sealed<T> {
  declare readonly [holds]: T;
  /** version ‖ nonce ‖ ciphertext ‖ tag */
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  toString(): string {
    return '[sealed]';
  }

  toJSON(): string {
    return '[sealed]';
  }

  [inspect.custom](): string {
    return '[sealed]';
  }
}

/** A sealed value that was changed, cut or moved, or whose key is another. Which of these is not told. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
  readonly code = 'SEAL_BROKEN';
  readonly table: string;
  readonly column: string;
  readonly rowId: string;

  constructor({ table, column, rowId }: Place, keyId: string) {
    super(`${table}.${column} of row ${rowId} does not open with key ${keyId}`);
    this.table = table;
    this.column = column;
    this.rowId = rowId;
  }
}

const BLOCK = 32;
const LENGTH_BYTES = 4;

/** The length and zeros up to a multiple of 32 bytes: the length of a name or an address would tell much of it. */
function pad(json: string): Buffer {
  const length = Buffer.byteLength(json, 'utf8');
  const padded = Buffer.alloc(Math.ceil((LENGTH_BYTES + length) / BLOCK) * BLOCK);
  padded.writeUInt32BE(length);
  padded.write(json, LENGTH_BYTES, 'utf8');
  return padded;
}

const unpad = (padded: Buffer): string => padded.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + padded.readUInt32BE());

const aadOf = (key: SealingKey, { table, column, rowId }: Place) =>
  lengthPrefixed(BOX_VERSION, key.id, table, column, rowId);

/** Whether JSON gives this back as it was. A `Sealed` or a `Secret` would be stored as the text that it prints. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return ['string', 'boolean', 'object'].includes(typeof value);
  if ('toJSON' in value || value instanceof Map || value instanceof Set) return false;
  if (Array.isArray(value)) return value.every(isJson);
  return Object.values(value).every((member) => member === undefined || isJson(member));
}

/** Seals `value` for its place. Throws a TypeError for what JSON would lose. */
export function seal<T extends Json>(key: SealingKey, place: Place, value: T, random: Random): Sealed<T> {
  if (!isJson(value)) throw new TypeError(`${place.table}.${place.column}: JSON cannot hold this value`);
  return new Sealed<T>(sealBox(key.secret, aadOf(key, place), pad(JSON.stringify(value)), random));
}

/** What was sealed. Throws SealBroken, never answers a blank: a person would take it for a value that is not set. */
export function open<T>(key: SealingKey, place: Place, sealed: Sealed<T>): T {
  const padded = openBox(key.secret, aadOf(key, place), sealed.bytes);
  if (padded === undefined) throw new SealBroken(place, key.id);
  return JSON.parse(unpad(padded)) as T;
}

/** bytea ⇄ `Sealed`. What is not sealed does not get past it into the database. */
export const sealedTransformer: ValueTransformer = {
  to(value: unknown): Buffer | null | undefined {
    if (value === null || value === undefined) return value;
    if (!(value instanceof Sealed)) throw new TypeError('A sealed column takes a Sealed value alone');
    return value.bytes;
  },
  from: (bytes: Buffer | null) => (bytes === null ? null : new Sealed(bytes)),
};
