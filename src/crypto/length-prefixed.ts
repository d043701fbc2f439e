/** Half a character: no UTF-8 spells it, so different texts would become the same bytes. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The fields one after another, each behind its length in bytes (4, big-endian), texts as UTF-8. What a MAC or an AAD covers
 * goes through here, so that no two lists of fields give the same bytes: `ab‖c` and `a‖bc` differ. Throws a TypeError for a
 * text with a lone surrogate.
 */
export function lengthPrefixed(...fields: readonly (string | Uint8Array)[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    if (typeof field === 'string' && LONE_SURROGATE.test(field)) throw new TypeError('A field holds a lone surrogate');
    const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}
