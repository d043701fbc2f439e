import type { Transporter } from 'nodemailer';
import type { Clock } from '../platform/clock.ts';
import { isLoopbackHost } from '../platform/loopback.ts';
import type { Secret } from '../platform/secret.ts';
import type { MailTransport } from './mail-transport.ts';

/** For the name, the connection, the greeting, and then between bytes. RFC 5321 §4.5.3.2 would wait minutes, and the mails behind with it. */
const PATIENCE_MS = 10_000;

/** What MAIL_URL says to nodemailer. Only these switches are read from its query: nodemailer's own reading would take any option. */
export function smtpOptions(mailUrl: string, patienceMs = PATIENCE_MS) {
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
    dnsTimeout: patienceMs,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  } as const;
}

/**
 * Hands mails to the server of MAIL_URL (`smtps://…`, or `smtp://…` with STARTTLS where offered, always with `requireTLS=true`), one
 * connection each. Errors are nodemailer's, whose messages hold addresses: log them through `errorFacts` alone.
 */
export function makeSmtpTransport({
  url,
  from,
  clock,
  patienceMs,
}: {
  url: Secret;
  from: string;
  clock: Clock;
  patienceMs?: number;
}): MailTransport {
  const options = smtpOptions(url.reveal(), patienceMs);
  let transporter: Transporter | undefined;
  return {
    async send(mail) {
      const { createTransport } = await import('nodemailer');
      const { composeMessage } = await import('./compose-message.ts');
      transporter ??= createTransport(options);
      const { envelope, message } = await composeMessage(mail, { from, date: clock.now() });
      await transporter.sendMail({ envelope, raw: message });
    },
    async close() {
      transporter?.close();
    },
  };
}
