import type { MailTemplate } from './template.ts';

export const resetPassword = {
  page: 'reset-password',
  words: {
    en: ({ site, validFor }) => ({
      subject: 'Reset your password',
      paragraphs: [`Somebody, most likely you, asked for a new password for your account at ${site}.`],
      action: 'Set a new password',
      closing: [
        `This works once, within ${validFor}. It ends every session of the account.`,
        'If it was not you, ignore this mail: your password stays as it is.',
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Setzen Sie Ihr Passwort zurück',
      paragraphs: [`Jemand, wahrscheinlich Sie, hat für Ihr Konto bei ${site} ein neues Passwort angefordert.`],
      action: 'Neues Passwort festlegen',
      closing: [
        `Das geht einmal, ${validFor} lang. Es beendet alle Sitzungen des Kontos.`,
        'Waren Sie es nicht, dann beachten Sie diese Mail nicht weiter: Ihr Passwort bleibt, wie es ist.',
      ],
    }),
  },
} satisfies MailTemplate;
