import { createHmac, timingSafeEqual } from 'node:crypto';
import { badInput } from '../platform/bad-input.ts';
import type { PagePosition } from '../platform/pages.ts';
import { parseBase64url } from './base64url.ts';
import type { Keyring } from './keyring.ts';
import { lengthPrefixed } from './length-prefixed.ts';

/** The list that a cursor belongs to. */
export interface PagedQuery {
  /** Its field in the schema. */
  readonly name: string;
  /** In words of the code: a list that is ordered otherwise takes none of the old cursors. */
  readonly order: string;
  /**
   * What the rows were chosen by. Undefined and null are the same as left out; whoever takes a list whose order is of no matter
   * sorts it first.
   */
  readonly filter: Readonly<Record<string, FilterValue>>;
}
type FilterValue = string | number | boolean | Date | readonly string[] | null | undefined;

const VERSION = 1;
const LABEL = 'cursors';
const ID = 9;
const MAC = 25;
const BYTES = 57;

const filterText = (filter: PagedQuery['filter']) =>
  JSON.stringify(
    Object.entries(filter)
      .filter(([, value]) => value !== undefined && value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const macUnder = (keyring: Keyring, systemKeyId: string, { name, order, filter }: PagedQuery, position: Uint8Array) =>
  createHmac('sha256', keyring.subkeysOf('system', systemKeyId, LABEL))
    .update(lengthPrefixed(name, order, Buffer.from(filterText(filter), 'utf8'), position))
    .digest();

/**
 * Cursors: version ‖ time in ms ‖ id ‖ HMAC-SHA-256 over these, the query's name, order and filter. A client gets nothing by
 * changing one, and cannot carry one over to another list, where it would silently skip rows.
 */
export class PageCursors {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** The cursor of a row of `query`. */
  format(query: PagedQuery, { at, id }: PagePosition): string {
    const position = Buffer.alloc(MAC);
    position.writeUInt8(VERSION);
    position.writeBigInt64BE(BigInt(at.getTime()), 1);
    position.write(id.replaceAll('-', ''), ID, 'hex');
    const mac = macUnder(this.#keyring, this.#keyring.active('system').id, query, position);
    return Buffer.concat([position, mac]).toString('base64url');
  }

  /**
   * Where `after` says that the page before ended; undefined without it. Throws BAD_USER_INPUT with the path `["after"]` for what
   * is no cursor of this very query, order and filter. One under an older system key that is still held counts.
   */
  parse(query: PagedQuery, after: string | null | undefined): PagePosition | undefined {
    if (after === null || after === undefined) return undefined;
    const bytes = parseBase64url(after);
    if (bytes?.length !== BYTES || !this.#isOurs(query, bytes)) throw notACursor();
    const id = bytes.toString('hex', ID, MAC).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return { at: new Date(Number(bytes.readBigInt64BE(1))), id };
  }

  #isOurs(query: PagedQuery, bytes: Buffer): boolean {
    const mac = bytes.subarray(MAC);
    return this.#keyring
      .all('system')
      .map(({ id }) => macUnder(this.#keyring, id, query, bytes.subarray(0, MAC)))
      .some((made) => timingSafeEqual(made, mac));
  }
}

const notACursor = () =>
  badInput([
    {
      path: ['after'],
      code: 'INVALID_FORMAT',
      message: 'Must be the cursor of a page of this very query, with the same filter.',
    },
  ]);
