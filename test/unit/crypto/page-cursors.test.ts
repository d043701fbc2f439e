import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { PageCursors, type PagedQuery } from '../../../src/crypto/page-cursors.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { keyringOf, rotated } from '../../support/keyrings.ts';

const keyring = keyringOf();
const cursors = new PageCursors(keyring);
const query: PagedQuery = { name: 'users', order: 'createdAt id DESC', filter: { role: 'admin', status: 'ACTIVE' } };
const position = { at: new Date('2026-11-24T07:02:50.123Z'), id: '0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee' };
const cursor = cursors.format(query, position);

/** What a text is answered with; undefined where it was taken. */
function refusalOf(text: string, of: PagedQuery = query, by = cursors): AppError | undefined {
  try {
    by.parse(of, text);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

describe('a cursor', () => {
  test('is version, time, id and a MAC over them, the query, its order and its filter', () => {
    const bytes = Buffer.from(cursor, 'base64url');
    expect(bytes.subarray(0, 25).toString('hex')).toBe('01000001a20c5d4a0b0190aaaabbbb7ccc8dddeeeeeeeeeeee');
    const filter = '[["role","admin"],["status","ACTIVE"]]';
    const message = Buffer.concat([
      Buffer.from(`\0\0\0\x05users\0\0\0\x11createdAt id DESC\0\0\0\x26${filter}\0\0\0\x19`),
      bytes.subarray(0, 25),
    ]);
    const key = keyring.subkeysOf('system', 's1', 'cursors');
    expect(bytes.subarray(25)).toEqual(createHmac('sha256', key).update(message).digest());
  });

  test('reads back, whatever the order of its filter’s fields and however a field is left out', () => {
    expect(cursors.parse(query, cursor)).toEqual(position);
    const others = [
      { status: 'ACTIVE', role: 'admin' },
      { ...query.filter, email: null, createdAfter: undefined },
    ];
    for (const filter of others) expect(cursors.parse({ ...query, filter }, cursor)).toEqual(position);
  });

  test.each([0, 1, -1, -62_135_596_800_000, 253_402_300_799_999])('of the millisecond %d reads back', (ms) => {
    const at = new Date(ms);
    expect(cursors.parse(query, cursors.format(query, { ...position, at }))?.at).toEqual(at);
  });

  test('is none where there is none', () => {
    expect(cursors.parse(query, undefined)).toBeUndefined();
    expect(cursors.parse(query, null)).toBeUndefined();
  });

  test.each<[string, Partial<PagedQuery>]>([
    ['query', { name: 'auditEvents' }],
    ['order', { order: 'createdAt id ASC' }],
    ['filter', { filter: {} }],
    ['filter with one field less', { filter: { role: 'admin' } }],
    ['filter with one field more', { filter: { ...query.filter, createdAfter: new Date(0) } }],
    ['filter with another value', { filter: { ...query.filter, role: 'user' } }],
    ['filter with swapped values', { filter: { role: 'ACTIVE', status: 'admin' } }],
    ['filter with a list in the place of a text', { filter: { ...query.filter, role: ['admin'] } }],
  ])('of another %s is refused', (_, other) => {
    expect(refusalOf(cursor, { ...query, ...other })?.code).toBe('BAD_USER_INPUT');
  });

  test('of another keyring is refused; one from before a rotation counts until its key goes', () => {
    expect(refusalOf(cursor, query, new PageCursors(keyringOf('another')))?.code).toBe('BAD_USER_INPUT');
    expect(new PageCursors(rotated('system', 's2')).parse(query, cursor)).toEqual(position);
    expect(refusalOf(cursor, query, new PageCursors(rotated('system', 's2', { keepsOld: false })))).toBeDefined();
  });

  test('changed in any one bit is refused', () => {
    const bytes = Buffer.from(cursor, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(refusalOf(changed.toString('base64url'))).toBeDefined();
    }
  });

  test.each([
    '',
    'x',
    `${cursor}=`,
    `${cursor}A`,
    cursor.slice(0, -1),
    ` ${cursor}`,
    cursor.repeat(2),
    Buffer.from('arrayconnection:20').toString('base64'),
    position.id,
    'ü'.repeat(76),
    '\0',
  ])('written %p is refused with the path of its argument, and not repeated', (text) => {
    const refusal = refusalOf(text);
    expect(refusal?.code).toBe('BAD_USER_INPUT');
    expect(refusal?.facts.fields).toEqual([
      {
        path: ['after'],
        code: 'INVALID_FORMAT',
        message: 'Must be the cursor of a page of this very query, with the same filter.',
      },
    ]);
  });
});
