import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config.ts';
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/limits/document-limit-texts.ts';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import { limitVariable, SETTINGS, type Setting, settingsTable } from '../../src/settings.ts';

const rows = Object.entries<Setting<unknown>>(SETTINGS);

describe('the table of settings', () => {
  test.each([true, false])('has defaults that fit their own kind (production: %s)', (production) => {
    const facts = { production, cores: 2, cwd: '/srv' };
    const unfit = rows.filter(([, setting]) => {
      const text = setting.defaultText(facts);
      return text !== undefined && setting.kind.parse(text, facts) === undefined;
    });
    expect(unfit.map(([name]) => name)).toEqual([]);
  });

  test('shows the default that is in force', () => {
    const facts = { production: false, cores: 2, cwd: '/srv' };
    const untrue = rows.filter(([, { shownDefault, defaultText }]) => {
      const text = defaultText(facts);
      return /^`[^`]*`$/.test(shownDefault) && text !== undefined && shownDefault !== `\`${text}\``;
    });
    expect(untrue.map(([name]) => name)).toEqual([]);
  });

  test('explains each in a sentence', () => {
    expect(rows.filter(([, { help }]) => !/^\S.*\.$/.test(help)).map(([name]) => name)).toEqual([]);
  });

  test('knows every URL with a password as a secret that may come from a file', () => {
    expect(rows.filter(([, { takesFile }]) => takesFile).map(([name]) => name)).toEqual([
      'DATABASE_URL',
      'MIGRATION_DATABASE_URL',
      'REDIS_URL',
      'MAIL_URL',
    ]);
  });

  test('is complete: the loader reads nothing that it does not have', () => {
    const asked = new Set<string>();
    const env = new Proxy<Record<string, string>>({}, { get: (_, name) => void asked.add(String(name)) });
    loadConfig(env, { cores: 2, cwd: '/srv' });
    const known = new Set([
      ...Object.keys(SETTINGS),
      ...rows.flatMap(([name, { takesFile }]) => (takesFile ? [`${name}_FILE`] : [])),
    ]);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });

  test('agrees with the limits of documents, and reaches every row of the rate limits', () => {
    const facts = { cores: 2, cwd: '/srv', rateLimitNames: LIMIT_SETTING_NAMES };
    expect(loadConfig({}, facts).documents).toEqual(DEFAULT_DOCUMENT_LIMITS);
    const env = Object.fromEntries(LIMIT_SETTING_NAMES.map((row, at) => [limitVariable(row), String(at + 1)]));
    expect(loadConfig(env, facts).rateLimits).toEqual(
      Object.fromEntries(LIMIT_SETTING_NAMES.map((row, at) => [row, at + 1])),
    );
  });

  test('becomes Markdown with a row for each, and one for each limit', () => {
    const lines = settingsTable(['loginByAccount', 'mail']).trimEnd().split('\n');
    expect(lines).toHaveLength(2 + rows.length + 2);
    expect(lines).toContain('| `PORT` | `4000` | Port to listen on; 0 takes a free one. |');
    expect(lines.at(-2)).toBe('| `LIMIT_LOGIN_BY_ACCOUNT` | see docs/limits.md | Maximum of that limit. |');
    expect(lines.filter((line) => line.split('|').length !== 5)).toEqual([]);
  });

  test('names the variable of a limit after its row', () => {
    expect(['login', 'loginByAccount', 'password-reset', 'totp2FA'].map(limitVariable)).toEqual([
      'LIMIT_LOGIN',
      'LIMIT_LOGIN_BY_ACCOUNT',
      'LIMIT_PASSWORD_RESET',
      'LIMIT_TOTP2_FA',
    ]);
  });
});
