import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { login } from '../support/account-acts.ts';
import { bySize } from '../support/full-size.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const VICTIM = 'victim@example.com';
const GUESS = 'mutation Login($input: LoginInput!) { login(input: $input) { __typename } }';
const CONNECTIONS = 40;
const GUESSES_EACH = bySize(250, 25);

const log = recordingLogger();
let server: TestServer;
/** What the owner's app and browser have from the last time. */
let deviceToken: string;
let cookie: string;
beforeAll(async () => {
  server = await startTestServer({ TRUSTED_PROXIES: '127.0.0.1' }, undefined, log);
  await server.signUp(VICTIM);
  ({ deviceToken } = await server.logIn(VICTIM));
  const browser = await login(page(), VICTIM, PASSWORD, { delivery: 'COOKIE' });
  cookie = browser.headers.getSetCookie().find((one) => one.startsWith('device=')) ?? '';
});
afterAll(() => server.stop());

const from = (address: string) => server.anyone.with({ 'x-forwarded-for': address });
const page = () => from('203.0.113.9').with({ origin: server.shared.publicUrl });

/** The guesses that one connection of a proxy brings, one after the other, each of another client. */
async function guessOver(connection: number): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let answers = '';
  for (let guess = 0; guess < GUESSES_EACH; guess += 1) {
    const variables = { input: { email: VICTIM, password: `guess ${guess} over ${connection}` } };
    const body = JSON.stringify({ query: GUESS, variables });
    const head = [
      'POST /graphql HTTP/1.1',
      `Host: ${new URL(server.url).host}`,
      `X-Forwarded-For: 10.${connection}.${guess}.7`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    const [answer] = await once(socket, 'data');
    answers += answer;
  }
  socket.destroy();
  return answers;
}

const count = (text: string, code: string) => text.split(`"code":"${code}"`).length - 1;

describe('thousands of wrong tries at one account, each from another address', () => {
  let answers: string;
  beforeAll(async () => {
    // Jest reads source maps for every error's stack; nobody reads these thousands.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    answers = (await Promise.all(Array.from({ length: CONNECTIONS }, (_, at) => guessOver(at)))).join('');
    Error.stackTraceLimit = stackTraceLimit;
  });

  test('are answered all, and a hundred of them were judged', () => {
    expect(count(answers, 'INVALID_CREDENTIALS')).toBe(100);
    expect(count(answers, 'RATE_LIMITED')).toBe(CONNECTIONS * GUESSES_EACH - 100);
  });

  test('shut out whoever has no device token, with the right password too', async () => {
    expect((await login(from('192.0.2.1'), VICTIM, PASSWORD)).code).toBe('RATE_LIMITED');
    const madeUp = `${deviceToken.slice(0, -1)}${deviceToken.endsWith('A') ? 'E' : 'A'}`;
    expect((await login(from('192.0.2.1'), VICTIM, PASSWORD, { deviceToken: madeUp })).code).toBe('RATE_LIMITED');
    expect((await login(page(), VICTIM, PASSWORD, { delivery: 'COOKIE' })).code).toBe('RATE_LIMITED');
  });

  test('leave the owner’s next login open, in the app that has its device token, from wherever', async () => {
    const answer = await login(from('192.0.2.2'), VICTIM, PASSWORD, { deviceToken });
    expect(answer.code).toBeUndefined();
    expect(answer.data['login'].user.id).toBeDefined();
  });

  test('and in the browser that has its cookie', async () => {
    const browser = page().with({ cookie: cookie.split(';')[0] ?? '' });
    expect((await login(browser, VICTIM, PASSWORD, { delivery: 'COOKIE' })).code).toBeUndefined();
  });

  test('still shut the others out after it', async () => {
    expect((await login(from('192.0.2.3'), VICTIM, PASSWORD)).code).toBe('RATE_LIMITED');
  });
});
