import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client } from '../support/client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { StatementRecorder } from '../support/statements.ts';

const UPDATE = `mutation { updateProfile(input: { displayName: "Ada" }) {
  user { id email roles { name } profile { displayName bio updatedAt } } } }`;
const REFRESH =
  'mutation($token: String!) { refresh(input: { refreshToken: $token }) { refreshToken user { email } } }';
const ME = '{ me { id } }';

let server: TestServer;
let recorder: StatementRecorder;
beforeAll(async () => {
  recorder = new StatementRecorder();
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(async () => {
  await server.stop();
  recorder.stop();
});

/** The statements of the fewest of three sendings, since a worker's that nobody thought of can only add some. */
async function statementsOf(send: () => Promise<{ readonly code?: string | undefined }>): Promise<readonly string[]> {
  const sendings: (readonly string[])[] = [];
  for (let sending = 0; sending < 3; sending += 1) {
    let code: string | undefined = 'NEVER_SENT';
    const statements = await recorder.during(async () => ({ code } = await send()));
    expect(code).toBeUndefined();
    sendings.push(statements);
  }
  const [fewest = []] = sendings.sort((a, b) => a.length - b.length);
  return fewest;
}

/** The first word of each, and whether it writes an event. */
const kindsOf = (statements: readonly string[]) =>
  statements.map((text) => [/^\w+/.exec(text)?.[0], text.includes('INSERT INTO audit_events')]);
const READ_AND_CHANGE = [
  ['SELECT', false],
  ['WITH', true],
];

describe('one statement besides the read of the session, with the change and its event, is', () => {
  test('a change of the own profile', async () => {
    const { client } = await server.person('profile@example.com');
    // Notes that the token was seen.
    await client.send(ME);
    expect(kindsOf(await statementsOf(() => client.send(UPDATE)))).toEqual(READ_AND_CHANGE);
  });

  test('a refresh', async () => {
    let { refreshToken } = await server.person('refresh@example.com');
    const refresh = async (client: Client) => {
      const answer = await client.send(REFRESH, { token: refreshToken });
      refreshToken = answer.data['refresh']?.refreshToken;
      return answer;
    };
    expect(kindsOf(await statementsOf(() => refresh(server.anyone)))).toEqual(READ_AND_CHANGE);
  });
});
