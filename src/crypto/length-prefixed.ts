/**
 * The fields one after another, each behind its length in bytes (4, big-endian), texts as UTF-8. What a MAC or an AAD covers
 * goes through here, so that no two lists of fields give the same bytes: `ab‖c` and `a‖bc` differ. Throws a TypeError for a
 * text with a lone surrogate.
 */
export function lengthPrefixed(...fields: readonly (string | Uint8Array)[]): Buffer {
  let total = 0;
  for (const field of fields) total += 4 + lengthOf(field);
  // All of it is written below.
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const field of fields) {
    const length = typeof field === 'string' ? bytes.write(field, at + 4, 'utf8') : field.length;
    if (typeof field !== 'string') bytes.set(field, at + 4);
    at = bytes.writeUInt32BE(length, at) + length;
  }
  return bytes;
}

function lengthOf(field: string | Uint8Array): number {
  if (typeof field !== 'string') return field.length;
  // Half a character: no UTF-8 spells it, so different texts would become the same bytes.
  if (!field.isWellFormed()) throw new TypeError('A field holds a lone surrogate');
  return Buffer.byteLength(field, 'utf8');
}
