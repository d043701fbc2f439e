import { describe, expect, test } from '@jest/globals';
import { composeMessage } from '../../../src/mail/compose-message.ts';
import { checkAddress } from '../../../src/mail/mail-address.ts';
import type { MailContent } from '../../../src/mail/mail-content.ts';
import { renderMail } from '../../../src/mail/render-mail.ts';

const TOKEN = `${'A'.repeat(22)}.${'b-_'.repeat(14)}b`;
const ID = '019364a1-7c3a-7000-8000-000000000001';
const FROM = 'Gatehouse <no-reply@app.example.com>';
const date = new Date('2026-11-24T07:02:50.000Z');

const letter = (locale = 'en', token = TOKEN): MailContent =>
  renderMail(
    { kind: 'verify-email', to: 'anna@example.com', locale, token, validSeconds: 86_400 },
    'http://localhost:4000',
  );

async function compose(content: Partial<MailContent> = {}, from = FROM) {
  const { envelope, message } = await composeMessage({ id: ID, content: { ...letter(), ...content } }, { from, date });
  const text = message.toString('latin1');
  const [head = ''] = text.split('\r\n\r\n', 1);
  const fields = head.replace(/\r\n[ \t]/g, ' ').split('\r\n');
  const field = (name: string) =>
    fields
      .filter((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}: `))
      .map((each) => each.slice(name.length + 2));
  return { envelope, text, lines: text.split('\r\n'), fields, field };
}

const undoQuotedPrintable = (text: string) =>
  Buffer.from(
    text
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

describe('a message', () => {
  test('has the headers it should, and no others', async () => {
    const { field, fields } = await compose();
    expect(field('From')).toEqual(['Gatehouse <no-reply@app.example.com>']);
    expect(field('To')).toEqual(['anna@example.com']);
    expect(field('Subject')).toEqual(['Verify your e-mail address']);
    expect(field('Date')).toEqual(['Tue, 24 Nov 2026 07:02:50 +0000']);
    expect(field('Message-ID')).toEqual([`<${ID}@app.example.com>`]);
    expect(field('Auto-Submitted')).toEqual(['auto-generated']);
    const names = fields.map((each) => each.split(':', 1)[0]).sort();
    expect(names).toEqual(
      ['Auto-Submitted', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID', 'Subject', 'To'].sort(),
    );
  });

  test('has text and HTML, in that order', async () => {
    const { text, lines } = await compose();
    expect(text).toMatch(/^Content-Type: multipart\/alternative;/m);
    const parts = lines.filter((line) => /^Content-Type: text\//.test(line));
    expect(parts).toEqual(['Content-Type: text/plain; charset=utf-8', 'Content-Type: text/html; charset=utf-8']);
  });

  test('in English reads as it is, link and token whole, however long the token', async () => {
    for (const token of [TOKEN, 'x'.repeat(500)]) {
      const { lines, text } = await compose(letter('en', token));
      expect(lines).toContain(`http://localhost:4000/verify-email#token=${token}`);
      expect(lines).toContain(`Token: ${token}`);
      expect(text.match(/^Content-Transfer-Encoding: 7bit\r$/gm)).toHaveLength(2);
    }
  });

  test('in German keeps the token whole on its line, and its link comes back when decoded', async () => {
    const { lines, text } = await compose(letter('de'));
    expect(lines).toContain(`Token: ${TOKEN}`);
    expect(lines).toContain('Content-Transfer-Encoding: quoted-printable');
    expect(undoQuotedPrintable(text)).toContain(`\r\nhttp://localhost:4000/verify-email#token=${TOKEN}\r\n`);
    expect(undoQuotedPrintable(text)).toContain('gehört');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(998);
  });

  test('has an envelope of one address from one', async () => {
    expect((await compose()).envelope).toEqual({ from: 'no-reply@app.example.com', to: 'anna@example.com' });
  });

  test('spells an umlaut in a subject as RFC 2047 says', async () => {
    expect((await compose({ subject: 'Bestätigen' })).field('Subject')).toEqual(['=?UTF-8?Q?Best=C3=A4tigen?=']);
  });
});

describe('an address that is unusual and legal', () => {
  test.each([
    ['o’neil+tag@example.com', 'o’neil+tag@example.com'],
    ['"quoted, local"@example.com', '"quoted, local"@example.com'],
    ['"a@evil.example"@example.com', '"a@evil.example"@example.com'],
    ['a,b@example.com', '"a,b"@example.com'],
    ['group:a;@example.com', '"group:a;"@example.com'],
    ['anna@xn--mnchen-3ya.example', 'anna@xn--mnchen-3ya.example'],
    ['anna@münchen.example', 'anna@xn--mnchen-3ya.example'],
  ])('%s gets the mail alone', async (to, envelopeTo) => {
    const { envelope, field } = await compose({ to });
    expect(envelope.to).toBe(envelopeTo);
    expect(field('To')).toHaveLength(1);
    expect(field('Bcc')).toEqual([]);
  });
});

describe('what would get into a header is refused:', () => {
  test.each([
    'anna@example.com\r\nBcc: eve@example.com',
    'anna@example.com\nBcc: eve@example.com',
    'anna@example.com\0',
    'anna@example.com\u2028Bcc: eve@example.com',
    'Anna <anna@example.com>',
    'anna@example.com>, <eve@example.com',
    'anna@example.com, eve@example.com ',
    'no-address',
    'anna@[192.0.2.1]',
    'anna@example.com/eve.example',
    'anna@example.com:25',
    '@example.com',
    'anna@',
    '',
  ])('the address %j', async (to) => {
    expect(() => checkAddress(to)).toThrow(TypeError);
    await expect(compose({ to })).rejects.toThrow(TypeError);
  });

  test.each(['Hello\r\nBcc: eve@example.com', 'Hello\nX: y', 'Hello\0'])('the subject %j', async (subject) => {
    await expect(compose({ subject })).rejects.toThrow(TypeError);
  });

  test('and the message of the error repeats nothing', async () => {
    await expect(compose({ to: 'anna secret\r\n@example.com' })).rejects.not.toThrow('secret');
  });
});

test('two addresses in one text are never two recipients', async () => {
  const { envelope } = await compose({ to: 'anna@example.com,eve@example.com' });
  expect(envelope.to).toBe('"anna@example.com,eve"@example.com');
});
