import type { MailTemplate } from './template.ts';

/** A notice to whoever was shut out. The administrator's reason is not theirs to read here. */
export const accountDisabled = {
  greets: true,
  words: {
    en: ({ site }) => ({
      subject: 'Your account was disabled',
      paragraphs: [
        `An administrator of ${site} disabled your account. Every session was ended, and nobody can log in with it.`,
        'Nothing of it was deleted. To have it back, or to learn why, ask whoever runs the site.',
      ],
    }),
    de: ({ site }) => ({
      subject: 'Ihr Konto wurde gesperrt',
      paragraphs: [
        `Die Verwaltung von ${site} hat Ihr Konto gesperrt. Alle Sitzungen wurden beendet, und niemand kann sich damit anmelden.`,
        'Gelöscht wurde nichts. Möchten Sie es wieder benutzen oder den Grund erfahren, dann wenden Sie sich an die Betreiber.',
      ],
    }),
  },
} satisfies MailTemplate;
