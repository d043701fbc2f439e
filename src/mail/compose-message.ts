import MailComposer from 'nodemailer/lib/mail-composer';
import { encode, wrap } from 'nodemailer/lib/qp';
import { checkAddress } from './mail-address.ts';
import type { OutgoingMail } from './mail-transport.ts';

/** What an SMTP server is told, apart from the message. */
export type Envelope = { readonly from: string; readonly to: string };

/** Printable ASCII in lines that every server takes as they are (RFC 5322 §2.1.1: at most 998 characters). */
const SEVEN_BIT = /^(?:[\t\x20-\x7e]{0,998}\r\n)*$/;
const FIELD_BREAK = /[\r\n\0]/;

/**
 * One part as raw MIME. Left to itself nodemailer breaks lines beyond 76 characters even in plain ASCII, and so every link; a
 * person who reads the file could not copy one.
 */
function part(contentType: string, text: string): { contentType: string; raw: string } {
  const body = text.replaceAll('\n', '\r\n');
  const isPlain = SEVEN_BIT.test(body);
  const encoding = isPlain ? '7bit' : 'quoted-printable';
  const head = `Content-Type: ${contentType}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  return { contentType, raw: head + (isPlain ? body : wrap(encode(body))) };
}

/**
 * The mail as an RFC 5322 message with a text and an HTML part, and its envelope. `from` is the operator's MAIL_FROM. Throws a TypeError
 * for a recipient that is not one plain address or a subject of more than one line.
 */
export async function composeMessage(
  { id, content }: OutgoingMail,
  { from, date }: { from: string; date: Date },
): Promise<{ envelope: Envelope; message: Buffer }> {
  checkAddress(content.to);
  if (FIELD_BREAK.test(content.subject)) throw new TypeError('A subject is one line');
  const message = new MailComposer({
    from,
    // As an object it is taken as it is: nothing in it is read as a name, a group or a second address.
    to: { name: '', address: content.to },
    subject: content.subject,
    date,
    messageId: `<${id}@${from.replace(/^.*@|>.*$/g, '')}>`,
    // RFC 3834: no vacation notice answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    textEncoding: 'quoted-printable',
    alternatives: [part('text/plain; charset=utf-8', content.text), part('text/html; charset=utf-8', content.html)],
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const envelope = message.getEnvelope();
  const [to, ...others] = envelope.to;
  if (envelope.from === false || to === undefined || others.length > 0) {
    throw new TypeError('A mail goes from one address to one');
  }
  return { envelope: { from: envelope.from, to }, message: await message.build() };
}
