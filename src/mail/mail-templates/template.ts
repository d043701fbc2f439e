/** The languages that mails are written in; the first is for everybody else. */
export const MAIL_LANGUAGES = ['en', 'de'] as const;
export type MailLanguage = (typeof MAIL_LANGUAGES)[number];

/** The front end's pages that take a token from a mail. */
export type TokenPage = 'verify-email' | 'reset-password' | 'set-password' | 'confirm-email' | 'revert-email';

/** What a template may speak of. Nothing here comes from whoever caused the mail. */
export interface MailFacts {
  /** The host that the account is at. */
  readonly site: string;
  /** How long the token works, in words: `30 minutes`. */
  readonly validFor: string;
}

/** The words of one mail, plain text. They become both parts, and are escaped there, in one place (`render-mail.ts`). */
export interface MailWords {
  /** Fixed words: nothing that anybody typed reaches a header. */
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** What following the link does. With a token alone. */
  readonly action?: string;
  /** After link and token. */
  readonly closing?: readonly string[];
}

/** One mail in every language. */
export interface MailTemplate {
  /** Where its token goes. Absent: the mail has none. */
  readonly page?: TokenPage;
  /**
   * Greets by name. Never in a mail to an address that is not shown to be the account's: a stranger could register somebody's
   * address with an advertisement for a name, and this server would send it.
   */
  readonly greets?: true;
  readonly words: Readonly<Record<MailLanguage, (facts: MailFacts) => MailWords>>;
}
