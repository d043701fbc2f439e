import 'reflect-metadata';
import { availableParallelism } from 'node:os';
import { runCommand } from './cli/run-command.ts';
import { LIMIT_SETTING_NAMES } from './limits/rate-limits.ts';

const facts = { cores: availableParallelism(), cwd: process.cwd(), rateLimitNames: LIMIT_SETTING_NAMES };

/** Resolves at the first SIGINT or SIGTERM. A second one does not wait for the rest to end. */
const stopSignal = new Promise<void>((resolve) => {
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    resolve();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
});

process.exit(
  await runCommand(process.argv.slice(2), {
    env: process.env,
    facts,
    stopSignal,
    stdin: process.stdin,
    print: (text) => void process.stdout.write(`${text}\n`),
    printError: (text) => void process.stderr.write(`${text}\n`),
  }),
);
