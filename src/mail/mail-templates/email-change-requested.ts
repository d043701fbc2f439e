import type { MailTemplate } from './template.ts';

/** A notice to the address that a change would take away. */
export const emailChangeRequested = {
  greets: true,
  words: {
    en: ({ site }) => ({
      subject: 'Your e-mail address is about to change',
      paragraphs: [
        `Somebody who is logged in to your account at ${site} wants to use another e-mail address for it. Nothing has changed yet.`,
        'If it was you, there is nothing to do here: the new address got a mail of its own.',
        'If it was not you, change your password there at once.',
      ],
    }),
    de: ({ site }) => ({
      subject: 'Ihre E-Mail-Adresse soll geändert werden',
      paragraphs: [
        `Jemand, der bei Ihrem Konto bei ${site} angemeldet ist, möchte dafür eine andere E-Mail-Adresse benutzen. Noch hat sich nichts geändert.`,
        'Waren Sie es, dann brauchen Sie hier nichts zu tun: Die neue Adresse hat eine eigene Mail bekommen.',
        'Waren Sie es nicht, dann ändern Sie dort sofort Ihr Passwort.',
      ],
    }),
  },
} satisfies MailTemplate;
