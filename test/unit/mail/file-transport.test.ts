import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeFileTransport } from '../../../src/mail/file-transport.ts';
import { renderMail } from '../../../src/mail/render-mail.ts';
import { ManualClock } from '../../support/clock.ts';

const TOKEN = `${'A'.repeat(22)}.${'b-_'.repeat(14)}b`;
const FROM = 'Gatehouse <no-reply@localhost>';
let base: string;
let directory: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'gatehouse-mails-'));
  directory = join(base, 'data', 'outbox');
});
afterEach(() => rmSync(base, { recursive: true }));

const mail = (id: string) => ({
  id,
  content: renderMail(
    { kind: 'verify-email', to: 'anna@example.com', locale: 'en', token: TOKEN, validSeconds: 60 },
    'http://localhost:4000',
  ),
});
const modeOf = (path: string) => statSync(path).mode & 0o777;

test('a mail becomes a file that a person can read and copy from', async () => {
  await makeFileTransport({ directory, from: FROM, clock: new ManualClock() }).send(mail('m1'));
  expect(readdirSync(directory)).toEqual(['2026-11-24T07-02-50.000Z-m1.eml']);
  const lines = readFileSync(join(directory, '2026-11-24T07-02-50.000Z-m1.eml'), 'utf8').split('\r\n');
  expect(lines).toContain('To: anna@example.com');
  expect(lines).toContain(`Token: ${TOKEN}`);
  expect(lines).toContain(`http://localhost:4000/verify-email#token=${TOKEN}`);
});

test('names sort by time', async () => {
  const clock = new ManualClock();
  const transport = makeFileTransport({ directory, from: FROM, clock });
  for (const id of ['c', 'b', 'a']) {
    await transport.send(mail(id));
    clock.advanceSeconds(3_600 * 7);
  }
  expect(
    readdirSync(directory)
      .sort()
      .map((name) => name.at(-5)),
  ).toEqual(['c', 'b', 'a']);
});

test('only the server’s user can read mails, also where the directory was open before', async () => {
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o755);
  const transport = makeFileTransport({ directory, from: FROM, clock: new ManualClock() });
  await transport.send(mail('m1'));
  expect(modeOf(directory)).toBe(0o700);
  for (const name of readdirSync(directory)) expect(modeOf(join(directory, name))).toBe(0o600);
});

test('a mail that cannot be written leaves no part of a file, and is told', async () => {
  const transport = makeFileTransport({ directory, from: FROM, clock: new ManualClock() });
  const { content } = mail('m1');
  await expect(transport.send({ id: 'm1', content: { ...content, to: 'a\r\n@example.com' } })).rejects.toThrow(
    TypeError,
  );
  await transport.send(mail('m2'));
  expect(readdirSync(directory)).toHaveLength(1);
});
