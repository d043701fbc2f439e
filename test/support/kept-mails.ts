import type { MailContent } from '../../src/mail/mail-content.ts';
import type { MailTransport } from '../../src/mail/mail-transport.ts';

/** A transport that keeps the mails, for tests to read. */
export class KeptMails implements MailTransport {
  readonly all: MailContent[] = [];
  readonly #waiters = new Set<() => void>();

  async send({ content }: { readonly content: MailContent }): Promise<void> {
    this.all.push(content);
    for (const look of this.#waiters) look();
  }

  async close(): Promise<void> {}

  to(address: string): readonly MailContent[] {
    return this.all.filter((mail) => mail.to === address);
  }

  /** The `count`-th mail to an address (from 1), as soon as it is sent. Fails after a minute. */
  wait(address: string, count = 1): Promise<MailContent> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const mail = this.to(address)[count - 1];
        if (!mail) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(mail);
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        reject(new Error(`No mail number ${count} to ${address}`));
      }, 60_000);
      this.#waiters.add(look);
      look();
    });
  }

  /** The token that stands in the `count`-th mail to an address. */
  async token(address: string, count = 1): Promise<string> {
    const { text } = await this.wait(address, count);
    const token = /^Token: (\S+)$/m.exec(text)?.[1];
    if (token === undefined) throw new Error(`The mail to ${address} has no token`);
    return token;
  }
}
