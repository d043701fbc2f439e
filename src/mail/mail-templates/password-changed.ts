import type { MailTemplate } from './template.ts';

/** A notice (ASVS v5.0.0-6.3.7): whoever changed it, the owner hears of it. */
export const passwordChanged = {
  greets: true,
  words: {
    en: ({ site }) => ({
      subject: 'Your password was changed',
      paragraphs: [
        `The password of your account at ${site} was changed, and the other sessions were ended.`,
        'If it was you, there is nothing to do.',
        'If it was not you, ask for a new password there at once: that ends every session, also that of whoever did it.',
      ],
    }),
    de: ({ site }) => ({
      subject: 'Ihr Passwort wurde geändert',
      paragraphs: [
        `Das Passwort Ihres Kontos bei ${site} wurde geändert, und die anderen Sitzungen wurden beendet.`,
        'Waren Sie es, dann brauchen Sie nichts zu tun.',
        'Waren Sie es nicht, dann fordern Sie dort sofort ein neues Passwort an: Das beendet alle Sitzungen, auch die der Person, die es war.',
      ],
    }),
  },
} satisfies MailTemplate;
