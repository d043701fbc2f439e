/** The most that a password may have, counted as typed. NIST SP 800-63B-4 §3.1.1.2 asks for 64 at least. */
export const MAX_PASSWORD_CODE_POINTS = 256;
export const MAX_PASSWORD_BYTES = 1024;

/**
 * Whether `password` has over 256 code points or 1,024 bytes of UTF-8, before NFKC. Asked before anything else is done with it:
 * one code point may become 18 by NFKC, and a megabyte of them is work that nobody should be able to order.
 */
export function isPasswordTooLong(password: string): boolean {
  // A code point takes two UTF-16 units at most: the first test keeps the two that follow cheap.
  if (password.length > 2 * MAX_PASSWORD_CODE_POINTS) return true;
  return [...password].length > MAX_PASSWORD_CODE_POINTS || Buffer.byteLength(password) > MAX_PASSWORD_BYTES;
}

/**
 * The form that is hashed: NFKC (NIST SP 800-63B-4 §3.1.1.2), so that one password typed on two keyboards is one. Nothing is
 * trimmed, cut or folded besides.
 */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/**
 * The length that a minimum is held against: the smaller number of code points of before and after NFKC. Else six ligatures
 * (U+FDFA becomes 18 letters) or combining marks (many become one letter) would pass for a long password.
 */
export function passwordLength(password: string): number {
  return Math.min([...password].length, [...normalisePassword(password)].length);
}

/** Whether UTF-8 can say it. Lone surrogates all turn into U+FFFD there, so different passwords would be one. */
export function isWellFormedPassword(password: string): boolean {
  return !/\p{Surrogate}/u.test(password);
}
