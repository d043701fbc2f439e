import { createServer, type Server } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { SELF_SIGNED } from './self-signed.ts';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
  /** Over TLS. */
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface TestSmtpServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  stop(): Promise<void>;
}

/** A real SMTP server on loopback. `refuses` answers 550 to recipients that it holds; without `answers` it keeps silent for ever. */
export async function startSmtpServer(
  options: SMTPServerOptions & { refuses?: (address: string) => boolean; port?: number } = {},
): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const { refuses = () => false, port = 0, ...rest } = options;
  const server = new SMTPServer({
    ...SELF_SIGNED,
    authOptional: true,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      done(null, password === 'p@ss:word/1' ? { user: username ?? '' } : {}),
    onRcptTo: ({ address }, _session, done) =>
      done(refuses(address) ? Object.assign(new Error('No such user'), { responseCode: 550 }) : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          message: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
        });
        done(null);
      });
    },
    ...rest,
  });
  // What a client does wrong is the client's to tell: a refused certificate ends up here.
  server.on('error', () => undefined);
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    stop: () => new Promise((done) => server.close(() => done())),
  };
}

/** A server that takes connections and says nothing. */
export async function startSilentServer(): Promise<{ port: number; stop(): Promise<void> }> {
  const server: Server = createServer();
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
