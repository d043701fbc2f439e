import type { MailTemplate } from './template.ts';

export const verifyEmail = {
  page: 'verify-email',
  words: {
    en: ({ site, validFor }) => ({
      subject: 'Verify your e-mail address',
      paragraphs: [`Somebody, most likely you, registered this address at ${site}. Please show that it is yours.`],
      action: 'Verify this address',
      closing: [
        `This works once, within ${validFor}.`,
        'If it was not you, ignore this mail: without this step nobody can use the account.',
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Bitte bestätigen Sie Ihre E-Mail-Adresse',
      paragraphs: [
        `Jemand, wahrscheinlich Sie, hat sich mit dieser Adresse bei ${site} registriert. Bitte zeigen Sie, dass sie Ihnen gehört.`,
      ],
      action: 'Adresse bestätigen',
      closing: [
        `Das geht einmal, ${validFor} lang.`,
        'Waren Sie es nicht, dann beachten Sie diese Mail nicht weiter: Ohne diesen Schritt kann niemand das Konto benutzen.',
      ],
    }),
  },
} satisfies MailTemplate;
