const UNSAFE_IN_ADDRESS = /[\p{Cc}\p{Zl}\p{Zp}<>]/u;
const ADDRESS = /^.+@[a-z0-9.\-\u0080-\u{10FFFF}]+$/iu;

/**
 * Throws a TypeError for what is not one plain address. A line end would begin a header of its own, an angle bracket end the
 * address early.
 */
export function checkAddress(address: string): void {
  if (UNSAFE_IN_ADDRESS.test(address) || !ADDRESS.test(address)) {
    throw new TypeError('A mail needs one plain address');
  }
}
