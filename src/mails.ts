import { join } from 'node:path';
import type { Config } from './config.ts';
import type { Foundation } from './foundation.ts';
import { makeFileTransport } from './mail/file-transport.ts';
import { MailOutbox } from './mail/mail-outbox.ts';
import type { MailTransport } from './mail/mail-transport.ts';
import { makeSmtpTransport } from './mail/smtp-transport.ts';
import { MailTokens } from './users/mail-tokens.ts';
import type { TokenPurpose } from './users/one-time-token.entity.ts';
import { UserMails } from './users/user-mails.ts';

/** How the settings say that mails leave. Connects to nothing yet. */
export function makeTransport(config: Config, { clock }: Pick<Foundation, 'clock'>): MailTransport {
  const from = config.mailFrom;
  return config.mailUrl
    ? makeSmtpTransport({ url: config.mailUrl, from, clock })
    : makeFileTransport({ directory: join(config.dataDir, 'outbox'), from, clock });
}

/** Mails to people. The outbox sends where it is started, in a server; what a command wrote waits for one. */
export function makeMails(config: Config, foundation: Foundation, transport: MailTransport) {
  const { clock, random, logger, keyring, database, dataKeys, dayKeys, audit } = foundation;
  const { appUrl } = config;
  const seconds = tokenSeconds(config);
  const outbox = new MailOutbox({ database, dataKeys, dayKeys, audit, transport, clock, random, logger, appUrl });
  const mailTokens = new MailTokens({ keyring, clock, random, seconds });
  return { outbox, mailTokens, mails: new UserMails({ outbox, tokens: mailTokens, dataKeys, seconds }) };
}

const tokenSeconds = ({ mailTokens }: Config): Readonly<Record<TokenPurpose, number>> => ({
  VERIFY_EMAIL: mailTokens.verifySeconds,
  RESET_PASSWORD: mailTokens.resetSeconds,
  SET_PASSWORD: mailTokens.setPasswordSeconds,
  CHANGE_EMAIL: mailTokens.changeSeconds,
  REVERT_EMAIL: mailTokens.revertSeconds,
});
