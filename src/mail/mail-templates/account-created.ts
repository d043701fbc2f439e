import type { MailTemplate } from './template.ts';

/** To the address of an account that an administrator made. */
export const accountCreated = {
  page: 'set-password',
  words: {
    en: ({ site, validFor }) => ({
      subject: 'An account was made for you',
      paragraphs: [`An administrator of ${site} made an account for this address. Set a password to begin.`],
      action: 'Set a password',
      closing: [
        `This works once, within ${validFor}.`,
        'If you did not expect this, ignore this mail: without this step nobody can use the account.',
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Für Sie wurde ein Konto angelegt',
      paragraphs: [
        `Die Verwaltung von ${site} hat für diese Adresse ein Konto angelegt. Legen Sie ein Passwort fest, um zu beginnen.`,
      ],
      action: 'Passwort festlegen',
      closing: [
        `Das geht einmal, ${validFor} lang.`,
        'Haben Sie das nicht erwartet, dann beachten Sie diese Mail nicht weiter: Ohne diesen Schritt kann niemand das Konto benutzen.',
      ],
    }),
  },
} satisfies MailTemplate;
