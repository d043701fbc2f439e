import type { MailTemplate } from './template.ts';

/** To an address that was registered more than once with different passwords: whose it is sets a new one. */
export const setPassword = {
  page: 'set-password',
  words: {
    en: ({ site, validFor }) => ({
      subject: 'Set your password',
      paragraphs: [
        `This address was registered at ${site} more than once, with different passwords. To be safe, none of them counts. Please set a new one.`,
      ],
      action: 'Set a password',
      closing: [
        `This works once, within ${validFor}.`,
        'If you did not register, ignore this mail: without this step nobody can use the account.',
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Legen Sie Ihr Passwort fest',
      paragraphs: [
        `Diese Adresse wurde bei ${site} mehr als einmal registriert, mit verschiedenen Passwörtern. Zur Sicherheit gilt keines davon. Bitte legen Sie ein neues fest.`,
      ],
      action: 'Passwort festlegen',
      closing: [
        `Das geht einmal, ${validFor} lang.`,
        'Haben Sie sich nicht registriert, dann beachten Sie diese Mail nicht weiter: Ohne diesen Schritt kann niemand das Konto benutzen.',
      ],
    }),
  },
} satisfies MailTemplate;
