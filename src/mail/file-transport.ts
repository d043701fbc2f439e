import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { MailTransport } from './mail-transport.ts';

/**
 * Writes each mail as an .eml file, for a server without MAIL_URL. The name begins with the time, so that names sort. Mails hold
 * tokens: directory 0700, files 0600. A file appears whole or not at all: it is renamed into place.
 */
export function makeFileTransport({
  directory,
  from,
  clock,
}: {
  directory: string;
  from: string;
  clock: Clock;
}): MailTransport {
  return {
    async send(mail) {
      const { composeMessage } = await import('./compose-message.ts');
      const date = clock.now();
      const { message } = await composeMessage(mail, { from, date });
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await chmod(directory, 0o700);
      const name = `${date.toISOString().replaceAll(':', '-')}-${mail.id}.eml`;
      const unfinished = join(directory, `.${name}`);
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(message);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, join(directory, name));
    },
    async close() {},
  };
}
