import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WITHOUT_LIMITS } from '../support/account-acts.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, BODY_LIMIT_BYTES: '5000' });
});
afterAll(() => server.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const send = (body: string, headers: Record<string, string> = JSON_TYPE, method = 'POST') =>
  fetch(`${server.url}/graphql`, { method, headers, ...(method === 'GET' ? {} : { body }) });
const login = (input: unknown) =>
  JSON.stringify({
    query: 'mutation M($input: LoginInput!) { login(input: $input) { __typename } }',
    variables: { input },
  });

/** A request of each kind that ends before anything runs, with a canary where a secret would stand. */
const EARLY: Readonly<Record<string, readonly [() => Promise<Response>, status: number, code: string]>> = {
  'a form, as a page of another site could send it (CSRF)': [
    () => send('query=canary', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'BAD_USER_INPUT',
  ],
  'a text that is JSON (CSRF)': [
    () => send('{"query":"canary"}', { 'content-type': 'text/plain' }),
    415,
    'BAD_USER_INPUT',
  ],
  'a batch': [() => send('[{"query":"{ canary }"}]'), 400, 'BAD_USER_INPUT'],
  'no JSON': [() => send('{"password":"canary'), 400, 'BAD_USER_INPUT'],
  'no object': [() => send('"canary"'), 400, 'BAD_USER_INPUT'],
  'a body too large': [() => send(JSON.stringify({ query: 'canary'.repeat(2_000) })), 413, 'BAD_USER_INPUT'],
  'no query': [() => send('{"quarry":"canary"}'), 400, 'BAD_USER_INPUT'],
  'a query that is no text': [() => send('{"query":{"canary":1}}'), 400, 'BAD_USER_INPUT'],
  'an operation name that is no text': [
    () => send('{"query":"{ __typename }","operationName":["canary"]}'),
    400,
    'BAD_USER_INPUT',
  ],
  'an operation that is not there': [
    () => send('{"query":"{ __typename }","operationName":"canary"}'),
    400,
    'BAD_USER_INPUT',
  ],
  'variables that are no object': [
    () => send('{"query":"{ __typename }","variables":"canary"}'),
    400,
    'BAD_USER_INPUT',
  ],
  'extensions that are no object': [
    () => send('{"query":"{ __typename }","extensions":"canary"}'),
    400,
    'BAD_USER_INPUT',
  ],
  'a document that does not parse': [() => send('{"query":"{ me(password: \\"canary"}'), 400, 'GRAPHQL_PARSE_FAILED'],
  'a literal of the wrong type': [
    () =>
      send(
        JSON.stringify({
          query: 'mutation { login(input: { email: "a@example.com", password: [canary] }) { __typename } }',
        }),
      ),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  'a variable of the wrong type': [
    () => send(login({ email: 'a@example.com', password: ['canary'] })),
    400,
    'BAD_USER_INPUT',
  ],
  'a variable that is an object where a text belongs': [
    () => send(login({ email: 'a@example.com', password: { canary: 'canary' } })),
    400,
    'BAD_USER_INPUT',
  ],
  'GET, where a landing page would be': [() => send('', { accept: 'text/html' }, 'GET'), 405, 'BAD_USER_INPUT'],
  'an accept that fits no answer': [
    () => send('{"query":"{ canary }"}', { ...JSON_TYPE, accept: 'text/html' }),
    406,
    'BAD_USER_INPUT',
  ],
};

describe('an answer from before anything runs (v5.0.0-14.3.2, 16.5.1)', () => {
  test.each(Object.entries(EARLY))(
    '%s: its code, no-store, its id, and nothing of what was sent',
    async (_, [ask, status, code]) => {
      const answer = await ask();
      const text = await answer.text();
      const { errors, data }: { errors: { extensions: Record<string, unknown> }[]; data?: unknown } = JSON.parse(text);
      expect([answer.status, errors[0]?.extensions['code'], data]).toEqual([status, code, undefined]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('content-type')).toMatch(/^application\/(?:graphql-response\+)?json; charset=utf-8$/);
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      for (const { extensions } of errors) expect(extensions['requestId']).toBe(answer.headers.get('x-request-id'));
      expect(text).not.toMatch(/canary|did you mean|apollo|graphql-js|stack/i);
    },
  );
});
