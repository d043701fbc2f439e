/** What an event may hold: JSON without fractions, whose text would depend on how a reader prints numbers. */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue };

function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('Canonical JSON holds no lone surrogate');
  return JSON.stringify(text);
}

/**
 * The one text of a value by RFC 8785 (JCS): names sorted by UTF-16 code units (§3.2.3), no spaces, strings as ECMAScript writes
 * them (§3.2.2.2), whole numbers alone. PostgreSQL's jsonb reorders names, so the stored text cannot be what a MAC covers.
 * Throws a TypeError for anything else.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new TypeError('Canonical JSON here holds whole numbers alone');
    // JSON.stringify writes −0 as 0, as §3.2.2.3 wants; String() does too.
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map((each: CanonicalValue) => canonicalJson(each)).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError('Canonical JSON cannot hold this value');
  let members = '';
  for (const [name, member] of Object.entries(value).sort(byName)) {
    members += `${members === '' ? '' : ','}${canonicalText(name)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
