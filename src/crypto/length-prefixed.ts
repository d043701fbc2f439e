/** Half a character: no UTF-8 spells it, so different texts would become the same bytes. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The fields one after another, each behind its length in bytes (4, big-endian), texts as UTF-8. What a MAC or an AAD covers
 * goes through here, so that no two lists of fields give the same bytes: `ab‖c` and `a‖bc` differ. Throws a TypeError for a
 * text with a lone surrogate.
 */
export function lengthPrefixed(...fields: readonly (string | Uint8Array)[]): Buffer {
  const lengths = fields.map(lengthOf);
  // All of it is written below.
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  for (const [index, field] of fields.entries()) {
    at = bytes.writeUInt32BE(lengths[index] ?? 0, at);
    at += typeof field === 'string' ? bytes.write(field, at, 'utf8') : writeAt(bytes, field, at);
  }
  return bytes;
}

function lengthOf(field: string | Uint8Array): number {
  if (typeof field !== 'string') return field.length;
  if (LONE_SURROGATE.test(field)) throw new TypeError('A field holds a lone surrogate');
  return Buffer.byteLength(field, 'utf8');
}

function writeAt(bytes: Buffer, field: Uint8Array, at: number): number {
  bytes.set(field, at);
  return field.length;
}
