/** Cookies that hold a secret: nobody but this server reads them. */
export interface Cookies {
  /**
   * The value of the cookie in a Cookie header. Undefined when it is absent, and also when it is there twice: the second was
   * planted (by a sibling domain, or another port of localhost), and nothing tells which one.
   */
  find(header: string | undefined, name: string): string | undefined;
  /** A Set-Cookie header. Throws TypeError for a value that is not made of base64url and dots, or is too long to be kept. */
  set(name: string, value: string, maxAgeSeconds: number): string;
  /** The Set-Cookie header that removes it. */
  clear(name: string): string;
}

/** Browsers drop a cookie whose name and value together are longer (ASVS v5.0.0-3.3.5). */
const MAX_BYTES = 4_096;

/**
 * On https the names carry `__Host-`: a browser takes such a cookie from this very host alone, with Secure, for the path /
 * (RFC 6265bis §4.1.3.2; ASVS v5.0.0-3.3.1 to 3.3.4). On http, which only loopback has, the bare name, since no browser would take the other.
 */
export function makeCookies(publicUrl: string): Cookies {
  const isSecure = publicUrl.startsWith('https:');
  const fullName = (name: string) => (isSecure ? `__Host-${name}` : name);
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;

  return {
    find(header = '', name) {
      const begin = `${fullName(name)}=`;
      const values = header
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(begin))
        .map((pair) => pair.slice(begin.length));
      return values.length === 1 && values[0] !== '' ? values[0] : undefined;
    },

    set(name, value, maxAgeSeconds) {
      const pair = `${fullName(name)}=${value}`;
      if (!/^[\w.-]+$/.test(value) || pair.length > MAX_BYTES) throw new TypeError(`No value for the cookie ${name}`);
      return `${pair}; Max-Age=${maxAgeSeconds}; ${attributes}`;
    },

    clear: (name) => `${fullName(name)}=; Max-Age=0; ${attributes}`,
  };
}
