import type { MailTemplate } from './template.ts';

/** To the new address of a change. */
export const confirmEmail = {
  page: 'confirm-email',
  words: {
    en: ({ site, validFor }) => ({
      subject: 'Confirm your new e-mail address',
      paragraphs: [`Somebody, most likely you, wants to use this address for an account at ${site}.`],
      action: 'Use this address',
      closing: [
        `This works once, within ${validFor}, in a browser or app that is logged in to that account.`,
        'If it was not you, ignore this mail: nothing is changed without this step.',
      ],
    }),
    de: ({ site, validFor }) => ({
      subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
      paragraphs: [`Jemand, wahrscheinlich Sie, möchte diese Adresse für ein Konto bei ${site} benutzen.`],
      action: 'Diese Adresse benutzen',
      closing: [
        `Das geht einmal, ${validFor} lang, in einem Browser oder einer App, die bei diesem Konto angemeldet ist.`,
        'Waren Sie es nicht, dann beachten Sie diese Mail nicht weiter: Ohne diesen Schritt ändert sich nichts.',
      ],
    }),
  },
} satisfies MailTemplate;
