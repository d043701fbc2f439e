import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const document = readFileSync('docs/graphql-over-http.md', 'utf8');
/** Rows of the table of what is not taken: id, name, reason. */
const notTaken = new Map(
  [...document.matchAll(/^\| `(\w{4})` \| (.+?) \| (.+?) \|$/gm)].map(([, id = '', name = '', why = '']) => [
    id,
    { name, why },
  ]),
);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

describe('the audits of GraphQL over HTTP', () => {
  const audits = serverAudits({ url: () => `${server.url}/graphql` });

  test('are the 61 that there are', () => {
    expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
  });

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (id, name, audit) => {
    const result = await audit.fn();
    const reason = result.status === 'ok' ? undefined : result.reason;
    if (notTaken.has(id)) expect([name.slice(0, 4), result.status]).toEqual(['MAY ', 'notice']);
    else expect([reason, result.status]).toEqual([undefined, 'ok']);
  });

  test('that are not taken stand in the document by their names, with a reason', () => {
    const named = audits.filter(({ id }) => notTaken.has(id)).map(({ id, name }) => [id, name]);
    expect([...notTaken].map(([id, { name }]) => [id, name])).toEqual(named);
    for (const { why } of notTaken.values()) expect(why.length).toBeGreaterThan(20);
  });
});

describe('a document at fault', () => {
  const DOCUMENTS: Readonly<Record<string, string>> = {
    'that does not parse': '{',
    'that does not validate': '{ nothing }',
    'over a limit': `{ ${Array.from({ length: 30 }, (_, at) => `a${at}: __typename`).join(' ')} }`,
  };
  const statusOf = async (query: string, accept: string, variables?: object) => {
    const { status, headers } = await server.anyone.with({ accept }).send(query, variables);
    return [status, headers.get('content-type')];
  };
  const OLD = 'application/json; charset=utf-8';
  const NEW = 'application/graphql-response+json; charset=utf-8';

  test.each(Object.entries(DOCUMENTS))('%s is 200 for clients that take application/json alone', async (_, query) => {
    for (const accept of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;q=0.9']) {
      expect(await statusOf(query, accept)).toEqual([200, OLD]);
    }
  });

  test.each(Object.entries(DOCUMENTS))('%s is 400 for all others', async (_, query) => {
    expect(await statusOf(query, 'application/graphql-response+json')).toEqual([400, NEW]);
    expect(await statusOf(query, 'application/graphql-response+json, application/json;q=0.9')).toEqual([400, NEW]);
    expect((await statusOf(query, 'application/json, application/graphql-response+json'))[0]).toBe(400);
    expect(await statusOf(query, '*/*')).toEqual([400, OLD]);
  });

  test('is not what bad variables are, nor a request with no document: 400 for all', async () => {
    const login = 'mutation L($input: LoginInput!) { login(input: $input) { __typename } }';
    for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
      expect((await statusOf(login, accept, { input: {} }))[0]).toBe(400);
      expect((await server.anyone.with({ accept }).post('{}')).status).toBe(400);
    }
  });

  test('is not what an executed operation is: 200 for all, whatever its errors', async () => {
    const denied = 'mutation { revokeOtherSessions { revokedCount } }';
    expect(await statusOf(denied, 'application/json')).toEqual([200, OLD]);
    expect(await statusOf(denied, 'application/graphql-response+json')).toEqual([200, NEW]);
  });
});

describe('a client that takes neither JSON', () => {
  const register = (name: string) =>
    `mutation { register(input: { email: "${name}@example.com", password: "correct horse battery staple" }) { accepted } }`;
  const countJobs = async () =>
    (
      await server.database.query('SELECT (SELECT count(*) FROM address_jobs) + (SELECT count(*) FROM users) AS count')
    )[0].count;

  test.each([
    'text/html',
    'application/xml',
    'multipart/mixed',
    'text/event-stream',
    'application/json;q=0',
    'application/json;q=0, application/graphql-response+json;q=0, */*',
    'nonsense',
  ])('(%s) is told so before anything runs', async (accept) => {
    const before = await countJobs();
    const { status, code, data, headers } = await server.anyone.with({ accept }).send(register('a'));
    expect([status, code, data, headers.get('cache-control')]).toEqual([406, 'BAD_USER_INPUT', undefined, 'no-store']);
    expect(await countJobs()).toBe(before);
  });

  test.each(['*/*', 'application/*', 'text/html, */*;q=0.1', 'application/json;q=0, */*', 'APPLICATION/json'])(
    'is none that sends %s',
    async (accept) => {
      expect((await server.anyone.with({ accept }).send('{ __typename }')).text).toContain('"__typename":"Query"');
    },
  );
});
