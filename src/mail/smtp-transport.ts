import { createTransport } from 'nodemailer';
import type { Clock } from '../platform/clock.ts';
import { isLoopbackHost } from '../platform/loopback.ts';
import type { Secret } from '../platform/secret.ts';
import { composeMessage } from './compose-message.ts';
import type { MailTransport } from './mail-transport.ts';

const CONNECTION_MS = 10_000;
const GREETING_MS = 10_000;
/** Without a byte from the server. RFC 5321 §4.5.3.2 would wait minutes; whoever waits here holds up the mails behind. */
const SOCKET_MS = 20_000;

/** What MAIL_URL says to nodemailer. Only these switches are read from its query: nodemailer's own reading would take any option. */
export function smtpOptions(mailUrl: string) {
  const { protocol, hostname, port, username, password, searchParams: query } = new URL(mailUrl);
  const secure = protocol === 'smtps:';
  const requireTLS = query.get('requireTLS') === 'true';
  const host = hostname.replace(/^\[(.+)\]$/, '$1');
  return {
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS,
    // On this machine there is nobody to hide from, and rarely a certificate that holds.
    ignoreTLS: !requireTLS && (query.get('ignoreTLS') === 'true' || (!secure && isLoopbackHost(hostname))),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: query.get('tls.rejectUnauthorized') !== 'false' },
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECTION_MS,
    greetingTimeout: GREETING_MS,
    socketTimeout: SOCKET_MS,
    dnsTimeout: CONNECTION_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as const;
}

/**
 * Hands mails to the server of MAIL_URL (`smtps://…`, or `smtp://…` with STARTTLS where offered, always with `requireTLS=true`), one
 * connection each. Errors are nodemailer's, whose messages hold addresses: log them through `errorFacts` alone.
 */
export function makeSmtpTransport({ url, from, clock }: { url: Secret; from: string; clock: Clock }): MailTransport {
  const transporter = createTransport(smtpOptions(url.reveal()));
  return {
    async send(mail) {
      const { envelope, message } = await composeMessage(mail, { from, date: clock.now() });
      await transporter.sendMail({ envelope, raw: message });
    },
    async close() {
      transporter.close();
    },
  };
}
