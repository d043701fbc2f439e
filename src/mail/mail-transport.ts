import type { MailContent } from './mail-content.ts';

/** A mail as it leaves. `id` becomes its Message-ID, so that a mail sent twice after a crash can be known for one. */
export interface OutgoingMail {
  readonly id: string;
  readonly content: MailContent;
}

/** How mails leave this server. A seam: tests pass one that keeps them. */
export interface MailTransport {
  /** Resolves once the mail is in other hands; rejects when it may not be, and then it is tried again. */
  send(mail: OutgoingMail): Promise<void>;
  close(): Promise<void>;
}
