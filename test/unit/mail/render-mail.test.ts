import { describe, expect, test } from '@jest/globals';
import { MAIL_TEMPLATES, type Mail, type MailKind } from '../../../src/mail/mail-kinds.ts';
import type { MailTemplate } from '../../../src/mail/mail-templates/template.ts';
import { mailLanguage, renderMail } from '../../../src/mail/render-mail.ts';

const APP = 'https://app.example.com/account';
const TOKEN = `${'A'.repeat(22)}.${'b-_'.repeat(14)}b`;
const kinds = Object.keys(MAIL_TEMPLATES) as MailKind[];
const template = (kind: MailKind): MailTemplate => MAIL_TEMPLATES[kind];
const withToken = kinds.filter((kind) => template(kind).page !== undefined);
const greeting = kinds.filter((kind) => template(kind).greets);

const mail = (kind: MailKind, more: Partial<Mail> = {}): Mail =>
  ({ kind, to: 'anna@example.com', locale: 'en', token: TOKEN, validSeconds: 86_400, ...more }) as Mail;
const notice = (more: object = {}): Mail => ({
  kind: 'password-changed',
  to: 'anna@example.com',
  locale: 'en',
  ...more,
});
const decoded = (html: string) => html.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

describe.each(['en', 'de'])('mails in "%s"', (locale) => {
  test.each(withToken)('%s has its link, and the bare token on a line of its own', (kind) => {
    const { text, html } = renderMail(mail(kind, { locale }), APP);
    const link = `${APP}/${template(kind).page}#token=${TOKEN}`;
    expect(text.split('\n')).toContain(link);
    expect(text.split('\n').filter((line) => line.startsWith('Token: '))).toEqual([`Token: ${TOKEN}`]);
    expect(html).toContain(`<a href="${link}">`);
    expect(html).toContain(`<code>Token: ${TOKEN}</code>`);
  });

  test.each(kinds.filter((kind) => !withToken.includes(kind)))('%s has no link and no token', (kind) => {
    const { text, html } = renderMail({ kind, to: 'anna@example.com', locale } as Mail, APP);
    expect(text).not.toMatch(/https?:|Token:/);
    expect(html).not.toMatch(/href|Token:/);
  });

  test.each(kinds)('%s says the same in both parts, names the site, and in lines that can be read', (kind) => {
    const { subject, text, html } = renderMail(mail(kind, { locale }), APP);
    expect(subject).toMatch(/^[^\r\n]{5,78}$/);
    expect(text).toContain('app.example.com');
    const words = text.split('\n\n').map((paragraph) => paragraph.replace(/\n/g, ' ').trim());
    const shown = decoded(html);
    for (const paragraph of words.filter((each) => !/https:|Token: /.test(each))) expect(shown).toContain(paragraph);
    expect(html).toContain(`<html lang="${locale}">`);
    for (const line of text.split('\n')) expect(line.length <= 72 || /^https:|^Token: /.test(line)).toBe(true);
  });

  test.each(kinds)('%s has HTML in ASCII that loads nothing from anywhere', (kind) => {
    const { html } = renderMail(mail(kind, { locale }), APP);
    expect(html).toMatch(/^[\n\x20-\x7e]*$/);
    expect(html).not.toMatch(/<(img|link|script|iframe|style)|url\(/i);
  });
});

describe('the language of a mail', () => {
  test.each([
    ['de', 'de'],
    ['de-CH', 'de'],
    ['DE', 'de'],
    ['en-GB', 'en'],
    ['fr', 'en'],
    ['den', 'en'],
    ['', 'en'],
    [null, 'en'],
    [undefined, 'en'],
  ])('for %p is %s', (locale, language) => {
    expect(mailLanguage(locale)).toBe(language);
  });

  test('is another text, not another mail', () => {
    for (const kind of kinds) {
      const [english, german] = ['en', 'de'].map((locale) => renderMail(mail(kind, { locale }), APP));
      expect(english?.subject).not.toBe(german?.subject);
    }
  });
});

describe('how long a token works', () => {
  test.each([
    [86_400, 'within 24 hours', '24 Stunden lang'],
    [3_600, 'within 1 hour', '1 Stunde lang'],
    [1_800, 'within 30 minutes', '30 Minuten lang'],
    [7 * 86_400, 'within 7 days', '7 Tage lang'],
    [4, 'within 4 seconds', '4 Sekunden lang'],
    [5_400, 'within 90 minutes', '90 Minuten lang'],
  ])('%p seconds: %s', (validSeconds, english, german) => {
    const text = (locale: string) =>
      renderMail(mail('verify-email', { locale, validSeconds }), APP).text.replace(/\n/g, ' ');
    expect(text('en')).toContain(english);
    expect(text('de')).toContain(german);
  });
});

describe('a display name', () => {
  const text = (name: string | null | undefined) => renderMail(notice({ name }), APP).text;

  test('greets in a notice', () => {
    expect(text('Zoë Ångström')).toMatch(/^Hello Zoë Ångström,\n/);
    expect(renderMail(notice({ name: 'Zoë', locale: 'de' }), APP).text).toMatch(/^Guten Tag Zoë,\n/);
    for (const none of [undefined, null, '', ' \n ']) expect(text(none)).toMatch(/^Hello,\n/);
  });

  test('never stands in a mail to an address that a stranger may have typed', () => {
    expect(greeting).toEqual(['password-changed', 'email-change-requested', 'email-changed', 'account-disabled']);
    for (const kind of kinds.filter((each) => !greeting.includes(each))) {
      const { subject, text, html } = renderMail(mail(kind, { name: 'WIN-MONEY' }), APP);
      expect(subject + text + html).not.toContain('WIN-MONEY');
    }
  });

  test('is escaped in HTML', () => {
    const { html } = renderMail(notice({ name: `<script>alert('x')</script>"&amp;` }), APP);
    expect(html).not.toMatch(/<script|'x'|&amp;/);
    expect(html).toContain('&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#34;&#38;amp;');
  });

  test.each([
    ['line ends', 'Anna\r\nToken: forged'],
    ['a line separator', 'Anna\u2028Token: forged'],
    ['a line of nothing', 'Anna\n\n\nToken: forged'],
    ['a NUL', 'Anna\0Token: forged'],
  ])('cannot forge a line of the mail by %s', (_, name) => {
    expect(text(name)).toMatch(/^Hello Anna Token: forged,\n/);
    expect(
      text(name)
        .split('\n')
        .filter((line) => line.startsWith('Token:')),
    ).toEqual([]);
  });

  test('cannot turn the reading direction round', () => {
    expect(text('Anna\u202egnp.exe\u2066')).toMatch(/^Hello Anna gnp\.exe,/);
  });

  test('is cut when it is long, by whole characters', () => {
    expect(text('😀'.repeat(500))).toMatch(/^Hello (😀){64},\n/u);
  });
});

test.each(['', 'a b', 'a"b', 'a\r\nBcc: x@example.com', 'a#b', 'a<b', 'x'.repeat(513)])(
  'refuses the token %j',
  (token) => {
    expect(() => renderMail(mail('verify-email', { token }), APP)).toThrow(TypeError);
  },
);
