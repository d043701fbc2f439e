import { join } from 'node:path';
import { type Config, loadConfig } from '../config.ts';
import { makeLogger } from '../platform/logger.ts';
import { startServer } from '../server.ts';
import type { Command } from './command.ts';
import { refuseWords } from './words.ts';

/** A stop that takes longer is cut: what waits is durable, or has been logged as lost. */
const STOP_MS = 5_000;

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Start the server (what happens without a command).',
  help: `Usage: gatehouse serve

Starts the server, and the embedded PostgreSQL where DATABASE_URL is not set. Settings come from the environment:
README.md lists them. Ctrl-C or SIGTERM stops everything.`,

  async run(words, terminal) {
    refuseWords(words);
    const config = loadConfig(terminal.env, terminal.facts);
    const logger = makeLogger(config.logLevel);
    for (const warning of config.warnings) logger.warn(warning);
    const server = await startServer(config, { logger });
    terminal.print(banner(config, server.url, server.madeKeyring));
    await terminal.stopSignal;
    terminal.print('Stopping …');
    const tooLong = new Promise<false>((resolve) => setTimeout(resolve, STOP_MS, false).unref());
    const isDone = await Promise.race([server.stop().then(() => true), tooLong]);
    terminal.print(isDone ? 'Stopped.' : 'Stopped before everything had ended.');
    return isDone ? 0 : 1;
  },
};

function banner(config: Config, url: string, madeKeyring: boolean): string {
  const lines = [
    `Gatehouse answers at ${url}/graphql`,
    ...(config.playground && config.trustedDocuments.mode !== 'require' ? [`  Playground      ${url}/`] : []),
    `  Mails           ${config.mailUrl ? 'sent by MAIL_URL' : `written to ${join(config.dataDir, 'outbox')}`}`,
    '  Administrator   npm run gatehouse -- users create --email you@example.com --role admin',
    ...(madeKeyring ? [`  Keys            made for development in ${config.dataDir}: production needs its own`] : []),
    '  Stop            Ctrl-C',
  ];
  return lines.join('\n');
}
