const LENGTH_BYTES = 4;

/** Half a character is refused: no UTF-8 spells it, so different texts would become the same bytes. */
function sizeOf(field: string | Uint8Array): number {
  if (typeof field !== 'string') return field.length;
  if (!field.isWellFormed()) throw new TypeError('A field holds a lone surrogate');
  return Buffer.byteLength(field, 'utf8');
}

/**
 * The fields one after another, each behind its length in bytes (4, big-endian), texts as UTF-8. What a MAC or an AAD covers
 * goes through here, so that no two lists of fields give the same bytes: `ab‖c` and `a‖bc` differ. Throws a TypeError for a
 * text with a lone surrogate.
 */
export function lengthPrefixed(...fields: readonly (string | Uint8Array)[]): Buffer {
  const sizes = fields.map(sizeOf);
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + LENGTH_BYTES + size, 0));
  let at = 0;
  for (const [index, field] of fields.entries()) {
    at = bytes.writeUInt32BE(sizes[index] ?? 0, at);
    if (typeof field === 'string') at += bytes.write(field, at, 'utf8');
    else {
      bytes.set(field, at);
      at += field.length;
    }
  }
  return bytes;
}
