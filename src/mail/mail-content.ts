/** One mail, ready to go: one plain address, and text that is the same in both parts. Sealed while it waits. */
export type MailContent = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};
