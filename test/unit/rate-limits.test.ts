import { describe, expect, test } from '@jest/globals';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { limitsTable } from '../../src/limits/limits-table.ts';
import { makeRateLimitTable, RATE_LIMIT_NAMES } from '../../src/limits/rate-limits.ts';

const untouched = { rateLimits: {}, addressLimit: 1_000 };

describe('the table of rate limits', () => {
  test.each([
    ['loginByClientAndAccount', 10, 900, 'client+account', 'failures'],
    ['loginByClient', 30, 3_600, 'client', 'failures'],
    ['loginByAccount', 100, 3_600, 'account', 'failures'],
    ['mailByAccount', 5, 3_600, 'account', 'every'],
    ['mailByClient', 20, 3_600, 'client', 'every'],
    ['addressByClient', 1_000, 10, 'client', 'every'],
  ] as const)('has %s: %i in %i s by %s, %s', (name, points, windowSeconds, key, counts) => {
    expect(makeRateLimitTable(untouched)[name]).toMatchObject({ name, points, windowSeconds, key, counts });
  });

  test('takes maxima from the settings by name, and ADDRESS_LIMIT for the window of addresses', () => {
    const table = makeRateLimitTable({ rateLimits: { loginByClient: 1_000_000_000 }, addressLimit: 7 });
    expect(table.loginByClient.points).toBe(1_000_000_000);
    expect(table.addressByClient.points).toBe(7);
    expect(table.loginByAccount.points).toBe(100);
  });

  test.each([
    ['loginByCLient', 5],
    ['constructor', 5],
    ['loginByClient', 0],
    ['loginByClient', 1.5],
    ['loginByClient', Number.NaN],
  ])('refuses %s: %p rather than leave the default in force without a word', (name, maximum) => {
    expect(() => makeRateLimitTable({ ...untouched, rateLimits: { [name]: maximum } })).toThrow(TypeError);
  });

  test('cannot be changed afterwards', () => {
    const table = makeRateLimitTable(untouched);
    expect(Object.isFrozen(table) && RATE_LIMIT_NAMES.every((name) => Object.isFrozen(table[name]))).toBe(true);
  });
});

describe('the table for the docs', () => {
  const rows = limitsTable({ ...untouched, documents: DEFAULT_DOCUMENT_LIMITS });

  test('names every limit of documents and every rate limit, once', () => {
    const names = [...Object.keys(DEFAULT_DOCUMENT_LIMITS), 'credentialMutations', ...RATE_LIMIT_NAMES];
    expect(rows.map((row) => row.limit).sort()).toEqual(names.sort());
  });

  test('shows the maxima that are in force', () => {
    const changed = limitsTable({
      documents: { ...DEFAULT_DOCUMENT_LIMITS, cost: 9 },
      rateLimits: { mailByClient: 8 },
      addressLimit: 7,
    });
    const maximumOf = (name: string) => changed.find((row) => row.limit === name)?.maximum;
    expect([maximumOf('cost'), maximumOf('mailByClient'), maximumOf('addressByClient')]).toEqual([9, 8, 7]);
  });

  test('gives a window for what is counted over time, and for nothing else', () => {
    for (const row of rows) expect(row.windowSeconds === undefined).toBe(row.answers === 'DOCUMENT_LIMIT_EXCEEDED');
  });
});
