import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { afterAll, afterEach } from '@jest/globals';
import { isLoopbackHost } from '../../src/platform/loopback.ts';

/**
 * Set up before every test file: whatever writes to the console, warns, leaves a rejection unhandled or connects to another
 * machine fails the test that runs, also where the code under test swallows the error.
 */
const noises: Error[] = [];

function failOnNoise(): void {
  const [first] = noises.splice(0);
  if (first !== undefined) throw first;
}

for (const name of ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const) {
  console[name] = (...parts: unknown[]) => {
    noises.push(new Error(`console.${name} was called: ${parts.map(String).join(' ')}`));
  };
}

// Jest gives each test file a copy of `process` that hears no event. The real one is seen from a function of Node itself.
const realProcess: NodeJS.Process = readFileSync.constructor('return process')();
// Jest's ESM mode stands on Node's experimental modules for `vm`.
const isOfJest = ({ name, message }: Error) => name === 'ExperimentalWarning' && message.startsWith('VM Modules');
const onWarning = (warning: Error) => {
  if (!isOfJest(warning)) noises.push(warning);
};
realProcess.on('warning', onWarning);

type Connect = typeof Socket.prototype.connect;
const connect: Connect = Socket.prototype.connect;

function targetOf(first: unknown, second: unknown): string {
  const options = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && options !== null) {
    if ('path' in options && options.path) return 'localhost';
    return 'host' in options && typeof options.host === 'string' ? options.host : 'localhost';
  }
  return typeof second === 'string' ? second : 'localhost';
}

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const host = targetOf(args[0], args[1]);
  if (isLoopbackHost(host)) return Reflect.apply(connect, this, args);
  const error = new Error(`A test tried to connect to ${host}`);
  noises.push(error);
  setImmediate(() => this.destroy(error));
  return this;
} as Connect;

afterEach(failOnNoise);
afterAll(() => {
  realProcess.off('warning', onWarning);
  Socket.prototype.connect = connect;
  failOnNoise();
});
