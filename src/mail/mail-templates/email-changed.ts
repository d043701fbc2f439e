import type { MailTemplate } from './template.ts';

/** To the address that was taken away: with it the owner takes the account back from an intruder. */
export const emailChanged = {
  page: 'revert-email',
  greets: true,
  words: {
    en: ({ site, validFor }) => ({
      subject: 'Your e-mail address was changed',
      paragraphs: [
        `Your account at ${site} now uses another e-mail address.`,
        'If it was you, there is nothing to do. If it was not you, take the account back:',
      ],
      action: 'Undo the change and end every session',
      closing: [
        `This works once, within ${validFor}. Afterwards set a new password: the present one will open nothing.`,
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Ihre E-Mail-Adresse wurde geändert',
      paragraphs: [
        `Ihr Konto bei ${site} benutzt jetzt eine andere E-Mail-Adresse.`,
        'Waren Sie es, dann brauchen Sie nichts zu tun. Waren Sie es nicht, dann holen Sie das Konto zurück:',
      ],
      action: 'Änderung rückgängig machen und alle Sitzungen beenden',
      closing: [
        `Das geht einmal, ${validFor} lang. Legen Sie danach ein neues Passwort fest: Das jetzige öffnet dann nichts mehr.`,
      ],
    }),
  },
} satisfies MailTemplate;
