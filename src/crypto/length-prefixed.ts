/** Half a character: no UTF-8 spells it, so different texts would become the same bytes. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const LENGTH_BYTES = 4;

/**
 * The fields one after another, each behind its length in bytes (4, big-endian), texts as UTF-8. What a MAC or an AAD covers
 * goes through here, so that no two lists of fields give the same bytes: `ab‖c` and `a‖bc` differ. Throws a TypeError for a
 * text with a lone surrogate.
 */
export function lengthPrefixed(...fields: readonly (string | Uint8Array)[]): Buffer {
  const whole = Buffer.alloc(fields.reduce((sum, field) => sum + LENGTH_BYTES + Buffer.byteLength(field), 0));
  let at = 0;
  for (const field of fields) {
    if (typeof field === 'string' && LONE_SURROGATE.test(field)) throw new TypeError('A field holds a lone surrogate');
    const start = at + LENGTH_BYTES;
    if (typeof field === 'string') whole.write(field, start, 'utf8');
    else whole.set(field, start);
    const length = Buffer.byteLength(field);
    whole.writeUInt32BE(length, at);
    at = start + length;
  }
  return whole;
}
