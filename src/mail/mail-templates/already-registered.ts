import type { MailTemplate } from './template.ts';

/** To the owner of an account whose address somebody registers again. The one who did it is told nothing. */
export const alreadyRegistered = {
  words: {
    en: ({ site }) => ({
      subject: 'You already have an account',
      paragraphs: [
        `Somebody tried to register this address at ${site}, where it already has an account. Nothing was changed.`,
        'If it was you, log in as usual, or ask for a new password there.',
        'If it was not you, there is nothing to do.',
      ],
    }),
    de: ({ site }) => ({
      subject: 'Sie haben schon ein Konto',
      paragraphs: [
        `Jemand wollte sich mit dieser Adresse bei ${site} registrieren. Sie hat dort schon ein Konto. Es wurde nichts geändert.`,
        'Waren Sie es, dann melden Sie sich wie gewohnt an oder fordern Sie dort ein neues Passwort an.',
        'Waren Sie es nicht, dann brauchen Sie nichts zu tun.',
      ],
    }),
  },
} satisfies MailTemplate;
