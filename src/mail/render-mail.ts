import type { MailContent } from './mail-content.ts';
import { MAIL_TEMPLATES, type Mail } from './mail-kinds.ts';
import { MAIL_LANGUAGES, type MailLanguage, type MailTemplate, type MailWords } from './mail-templates/template.ts';

const TEXT_COLUMNS = 72;
const NAME_CHARACTERS = 64;
/** base64url and dots: nothing that a fragment, a line or an attribute would read as its own. */
const TOKEN = /^[\w.-]{1,512}$/;
/** Controls, line ends, and the marks that turn the reading direction round: a name could forge lines with them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]+/gu;

const GREETINGS = {
  en: (name: string | undefined) => (name === undefined ? 'Hello,' : `Hello ${name},`),
  de: (name: string | undefined) => (name === undefined ? 'Guten Tag,' : `Guten Tag ${name},`),
} as const;
const TOKEN_LEADS = {
  en: 'If the link does not work, give this token where it is asked for:',
  de: 'Falls der Link nicht funktioniert, geben Sie dort, wo danach gefragt wird, dieses Token ein:',
} as const;

/** The language of a BCP 47 locale (`de-CH`), English where there is no template for it. */
export function mailLanguage(locale: string | null | undefined): MailLanguage {
  const wanted = locale?.split('-', 1)[0]?.toLowerCase();
  return MAIL_LANGUAGES.find((language) => language === wanted) ?? 'en';
}

function duration(language: MailLanguage, seconds: number): string {
  const [value, unit] =
    seconds >= 172_800 && seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds >= 3_600 && seconds % 3_600 === 0
        ? [seconds / 3_600, 'hour']
        : seconds >= 60
          ? [Math.floor(seconds / 60), 'minute']
          : [seconds, 'second'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

function printableName(name: string | null | undefined): string | undefined {
  const printable = [...(name ?? '').replace(UNPRINTABLE, ' ').trim()].slice(0, NAME_CHARACTERS).join('');
  return printable === '' ? undefined : printable;
}

/** Text for HTML, as ASCII: so the part is sent as it reads, whatever the language. */
function escapeHtml(text: string): string {
  return text.replace(/[^\x20-\x7e]|[&<>"']/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** Folds at spaces. A word that is longer stays whole: a link or a token must be copied in one piece. */
function fold(paragraph: string): string {
  const lines = [''];
  for (const word of paragraph.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= TEXT_COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

interface Letter extends MailWords {
  readonly language: MailLanguage;
  readonly greeting: string;
  readonly link?: { readonly url: string; readonly token: string };
}

function toText({ greeting, paragraphs, action, closing = [], link, language }: Letter): string {
  const steps =
    link === undefined ? [] : [`${action}:\n${link.url}`, `${fold(TOKEN_LEADS[language])}\nToken: ${link.token}`];
  return `${[greeting, ...paragraphs.map(fold), ...steps, ...closing.map(fold)].join('\n\n')}\n`;
}

function toHtml({ subject, greeting, paragraphs, action = '', closing = [], link, language }: Letter): string {
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const steps =
    link === undefined
      ? []
      : [
          `<p><a href="${escapeHtml(link.url)}">${escapeHtml(action)}</a></p>`,
          paragraph(TOKEN_LEADS[language]),
          `<p><code>Token: ${escapeHtml(link.token)}</code></p>`,
        ];
  return [
    '<!doctype html>',
    `<html lang="${language}">`,
    `<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    '<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">',
    ...[greeting, ...paragraphs].map(paragraph),
    ...steps,
    ...closing.map(paragraph),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/**
 * The mail's text and HTML in the language of its reader. `appUrl` has no trailing slash; a token goes behind `#`, which reaches no
 * log and no Referer, and stands once more on a line of its own. Throws a TypeError for a token of other characters.
 */
export function renderMail(mail: Mail, appUrl: string): MailContent {
  const template: MailTemplate = MAIL_TEMPLATES[mail.kind];
  const language = mailLanguage(mail.locale);
  const words = template.words[language]({
    site: new URL(appUrl).host,
    validFor: 'validSeconds' in mail ? duration(language, mail.validSeconds) : '',
  });
  const greeting = GREETINGS[language](template.greets ? printableName(mail.name) : undefined);
  const letter: Letter = { ...words, language, greeting };
  if (!('token' in mail)) return { to: mail.to, subject: words.subject, text: toText(letter), html: toHtml(letter) };
  if (!TOKEN.test(mail.token)) throw new TypeError('A token with characters that no mail can carry');
  const link = { url: `${appUrl}/${template.page}#token=${mail.token}`, token: mail.token };
  return {
    to: mail.to,
    subject: words.subject,
    text: toText({ ...letter, link }),
    html: toHtml({ ...letter, link }),
  };
}
