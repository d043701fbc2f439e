import type { MailTemplate } from './template.ts';

/** The last mail: whoever erased the account, its owner hears of it. Nothing of it is kept once it is sent. */
export const accountErased = {
  words: {
    en: ({ site }) => ({
      subject: 'Your account was erased',
      paragraphs: [
        `Your account at ${site} was erased, with everything personal in it. It cannot be brought back.`,
        'This address is free again: whoever holds it can register anew.',
        'If you did not ask for this, tell whoever runs the site.',
      ],
    }),
    de: ({ site }) => ({
      subject: 'Ihr Konto wurde gelöscht',
      paragraphs: [
        `Ihr Konto bei ${site} wurde mit allen persönlichen Daten darin gelöscht. Es lässt sich nicht wiederherstellen.`,
        'Diese Adresse ist wieder frei: Wer sie innehat, kann sich neu registrieren.',
        'Haben Sie das nicht gewollt, dann wenden Sie sich an die Betreiber.',
      ],
    }),
  },
} satisfies MailTemplate;
