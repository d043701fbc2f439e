import { afterEach, describe, expect, test } from '@jest/globals';
import { makeSmtpTransport, smtpOptions } from '../../../src/mail/smtp-transport.ts';
import { errorFacts } from '../../../src/platform/logger.ts';
import { Secret } from '../../../src/platform/secret.ts';
import { ManualClock } from '../../support/clock.ts';
import { startSilentServer, startSmtpServer } from '../../support/smtp-server.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(options: Parameters<typeof startSmtpServer>[0] = {}) {
  const server = await startSmtpServer(options);
  stops.push(server.stop);
  return server;
}

function send(url: string, to = 'anna@example.com', patienceMs?: number) {
  const clock = new ManualClock();
  const from = 'Gatehouse <no-reply@example.org>';
  const transport = makeSmtpTransport({ url: new Secret(url), from, clock, ...(patienceMs && { patienceMs }) });
  stops.push(() => transport.close());
  return transport.send({ id: 'm1', content: { to, subject: 'Hello', text: 'Hello,\n', html: '<p>Hello,</p>\n' } });
}

describe('mail by SMTP', () => {
  test('arrives whole, from MAIL_FROM’s address, at the one address', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS', 'AUTH'] });
    await send(`smtp://127.0.0.1:${server.port}`);
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'no-reply@example.org', to: ['anna@example.com'], secure: false });
    expect(mail?.message).toMatch(/^Message-ID: <m1@example\.org>\r$/m);
    expect(mail?.message).toContain('\r\n\r\nHello,\r\n');
  });

  test('logs in with the user and password of the URL, percent-decoded', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, authOptional: false });
    await send(`smtp://mail%40er:p%40ss%3Aword%2F1@127.0.0.1:${server.port}`);
    expect(server.mails[0]?.user).toBe('mail@er');
  });

  test('takes a UTF-8 local part', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'] });
    await send(`smtp://127.0.0.1:${server.port}`, 'jürgen@example.com');
    expect(server.mails[0]?.to).toEqual(['jürgen@example.com']);
  });

  test('does without TLS on this machine, where a certificate rarely holds', async () => {
    const server = await serve();
    await send(`smtp://localhost:${server.port}`);
    expect(server.mails[0]?.secure).toBe(false);
  });
});

describe('requireTLS=true', () => {
  test('sends nothing to a server that offers no TLS', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'] });
    await expect(send(`smtp://127.0.0.1:${server.port}?requireTLS=true`)).rejects.toThrow();
    expect(server.mails).toEqual([]);
  });

  test('sends nothing to a server whose certificate does not hold', async () => {
    const server = await serve();
    await expect(send(`smtp://127.0.0.1:${server.port}?requireTLS=true`)).rejects.toThrow();
    expect(server.mails).toEqual([]);
  });

  test('sends over TLS where the operator said that the certificate need not hold', async () => {
    const server = await serve();
    await send(`smtp://127.0.0.1:${server.port}?requireTLS=true&tls.rejectUnauthorized=false`);
    expect(server.mails[0]?.secure).toBe(true);
  });
});

test('smtps: speaks TLS from the first byte and checks the certificate', async () => {
  const server = await serve({ secure: true });
  await expect(send(`smtps://127.0.0.1:${server.port}`)).rejects.toThrow();
  expect(server.mails).toEqual([]);
  await send(`smtps://127.0.0.1:${server.port}?tls.rejectUnauthorized=false`);
  expect(server.mails[0]?.secure).toBe(true);
});

describe('a mail that no server took is told, with no address in what is logged:', () => {
  const faultOf = async (sending: Promise<void>) => {
    const error = await sending.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(JSON.stringify(errorFacts(error))).not.toMatch(/anna|example\.com|hunter2/);
    return error;
  };

  test('a refused recipient', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'], refuses: () => true });
    expect(await faultOf(send(`smtp://127.0.0.1:${server.port}`))).toMatchObject({ code: 'EENVELOPE' });
    expect(server.mails).toEqual([]);
  });

  test('a refused login', async () => {
    const server = await serve({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, authOptional: false });
    expect(await faultOf(send(`smtp://anna:hunter2@127.0.0.1:${server.port}`))).toMatchObject({ code: 'EAUTH' });
  });

  test('nobody at the port', async () => {
    const server = await startSmtpServer();
    await server.stop();
    expect(await faultOf(send(`smtp://127.0.0.1:${server.port}`))).toMatchObject({ code: 'ESOCKET' });
  });

  test('a server that says nothing', async () => {
    const server = await startSilentServer();
    stops.push(server.stop);
    expect(await faultOf(send(`smtp://127.0.0.1:${server.port}`, 'anna@example.com', 50))).toMatchObject({
      code: 'ETIMEDOUT',
    });
  });
});

describe('what MAIL_URL means', () => {
  test('is the port of submission, or of TLS', () => {
    expect(smtpOptions('smtp://mail.example.com')).toMatchObject({ port: 587, secure: false });
    expect(smtpOptions('smtps://mail.example.com')).toMatchObject({ port: 465, secure: true });
    expect(smtpOptions('smtp://mail.example.com:2525')).toMatchObject({ port: 2525 });
    expect(smtpOptions('smtp://[::1]:2525')).toMatchObject({ host: '::1', ignoreTLS: true });
  });

  test('never turns STARTTLS off for a far host by itself', () => {
    expect(smtpOptions('smtp://mail.example.com')).toMatchObject({ ignoreTLS: false, requireTLS: false });
    expect(smtpOptions('smtp://mail.example.com?requireTLS=true&ignoreTLS=true')).toMatchObject({
      ignoreTLS: false,
      requireTLS: true,
    });
  });

  test('takes no other option of nodemailer’s from a URL', () => {
    const options = smtpOptions('smtp://mail.example.com?debug=true&logger=true&tls.minVersion=TLSv1&proxy=http://x');
    expect(options).not.toHaveProperty('debug');
    expect(options).not.toHaveProperty('logger');
    expect(options).not.toHaveProperty('proxy');
    expect(options.tls).toEqual({ minVersion: 'TLSv1.2', rejectUnauthorized: true });
  });
});
