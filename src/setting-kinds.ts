import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { parseUrl } from './platform/parse-url.ts';
import { Secret } from './platform/secret.ts';

/** What the meaning of a setting may hang on. */
export interface SettingFacts {
  readonly production: boolean;
  readonly cores: number;
  /** Where relative paths begin. */
  readonly cwd: string;
}

/** A kind of value: how its text is read, and the words that follow "NAME must be" when it cannot be. */
export interface Kind<T> {
  mustBe(facts: SettingFacts): string;
  /** Undefined refuses the text. */
  parse(text: string, facts: SettingFacts): T | undefined;
}

const kind = <T>(mustBe: string, parse: (text: string, facts: SettingFacts) => T | undefined): Kind<T> => ({
  mustBe: () => mustBe,
  parse,
});

const digits = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : Number.NaN);

/** A whole number: within the bounds in production, any from 1 outside it, so that a test may have a token of 4 s. */
export const wholeNumber = (from: number, to: number): Kind<number> => ({
  mustBe: ({ production }) => (production ? `a whole number from ${from} to ${to}` : 'a whole number from 1'),
  parse(text, { production }) {
    const value = digits(text);
    const fits = production ? value >= from && value <= to : value >= 1;
    return fits ? value : undefined;
  },
});

/** Port 0 asks the system for a free one. */
export const port: Kind<number> = kind('a port: a whole number from 0 to 65535', (text) => {
  const value = digits(text);
  return value <= 65_535 ? value : undefined;
});

/** One of a few words. */
export const oneOf = <W extends string>(...words: readonly W[]): Kind<W> =>
  kind(`${words.slice(0, -1).join(', ')} or ${words.at(-1)}`, (text) => words.find((word) => word === text));

const yesOrNo = (yes: string, no: string): Kind<boolean> =>
  kind(`${yes} or ${no}`, (text) => (text === yes || text === no ? text === yes : undefined));

export const onOff = yesOrNo('on', 'off');

/** The word that takes a risk knowingly. */
export const acceptance = yesOrNo('accept', 'refuse');

export const path: Kind<string> = kind('a path', (text, { cwd }) =>
  text.includes('\0') ? undefined : resolve(cwd, text),
);

/** An IP address or a host name to listen on. */
export const listenHost: Kind<string> = kind('an IP address or a host name', (text) =>
  isIP(text) !== 0 || /^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text) ? text.toLowerCase() : undefined,
);

function parseHttpUrl(text: string): URL | undefined {
  const url = parseUrl(text);
  if (!url) return undefined;
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isHttp && isPlain && !/[?#]/.test(text) ? url : undefined;
}

/** Scheme, host and port alone; a lone slash at the end is dropped. */
export const httpOrigin: Kind<string> = kind(
  'an http or https origin without a path, as https://accounts.example',
  (text) => {
    const url = parseHttpUrl(text);
    return url?.pathname === '/' ? url.origin : undefined;
  },
);

/** May have a path; a slash at its end is dropped. */
export const httpUrl: Kind<string> = kind(
  'an http or https address without a query, as https://app.example/account',
  (text) => {
    const url = parseHttpUrl(text);
    return url && `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  },
);

const commaList = <T>(mustBe: string, parseOne: (text: string) => T | undefined): Kind<readonly T[]> =>
  kind(mustBe, (text) => {
    const parsed = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(parseOne);
    const fit = parsed.filter((one) => one !== undefined);
    return fit.length === parsed.length ? fit : undefined;
  });

/**
 * Origins for CORS, compared letter by letter with the Origin header, so each must stand as browsers send it. `*` and `null`
 * are no origins: with credentials the one is forbidden (Fetch §3.3.5) and any sandboxed frame sends the other.
 */
export const origins = commaList(
  'a list of exact origins with commas between, as https://app.example (never *)',
  (text) => {
    const [, scheme, host] = /^([a-z][a-z0-9+.-]*):\/\/([^\s/?#@*\\]+)$/i.exec(text) ?? [];
    if (scheme === undefined || host === undefined || !parseUrl(text)) return undefined;
    const isHttp = /^https?$/i.test(scheme);
    return isHttp ? new URL(text).origin : `${scheme}://${host}`.toLowerCase();
  },
);

/** Host header values: a name or address, with a port where it is not the scheme's own. */
export const hosts = commaList(
  'a list of host names with commas between, each with its port where it has one',
  (text) => {
    const host = text.toLowerCase();
    return parseUrl(`x://${host}`)?.host === host && !host.includes('*') ? host : undefined;
  },
);

/** Audiences of access tokens for other services: short words, or the services' URLs. */
export const audiences = commaList(
  'a list of names or addresses of services with commas between, without spaces',
  (text) => (/^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/.test(text) ? text : undefined),
);

/** Addresses and CIDR ranges. A range of all addresses would let every client forge its own. */
export const addressRanges = commaList(
  'a list of IP addresses or CIDR ranges with commas between, none of them everything (/0)',
  (text) => {
    if (isIP(text) !== 0) return text;
    return ipaddr.isValidCIDR(text) && ipaddr.parseCIDR(text)[1] > 0 ? text : undefined;
  },
);

/** A URL with one of the schemes, kept unprintable since it may hold a password. */
export const secretUrl = (...schemes: readonly string[]): Kind<Secret> =>
  kind(`a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, (text) => {
    const isUrl = parseUrl(text) && schemes.some((scheme) => text.startsWith(`${scheme}://`));
    return isUrl ? new Secret(text) : undefined;
  });

export const secretText: Kind<Secret> = kind('a text', (text) => new Secret(text));

/** An address, bare or as `Name <address>`, on one line: a line break would add headers to each mail (CWE-93). */
export const mailbox: Kind<string> = kind(
  'an address, or a name and an address as Accounts <no-reply@example.org>',
  (text) =>
    /^([^<>@\p{Cc}]*<[^<>@\s\p{Cc}]+@[^<>@\s\p{Cc}]+>|[^<>@\s\p{Cc}]+@[^<>@\s\p{Cc}]+)$/u.test(text) ? text : undefined,
);

/** A program with its arguments. There is no shell, so nothing in it is expanded or split. */
export const command: Kind<readonly string[]> = kind(
  'the absolute path of one executable, or a JSON array of a program and its arguments',
  (text) => {
    if (!text.startsWith('[')) return isAbsolute(text) ? [text] : undefined;
    const words = parseJson(text);
    const isCommand =
      Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string' && word !== '');
    return isCommand ? words : undefined;
  },
);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A name for the audience of tokens: anything printable without spaces. */
export const word: Kind<string> = kind('one word without spaces', (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : undefined,
);
