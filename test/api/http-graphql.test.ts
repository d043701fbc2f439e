import { ApolloServer } from '@apollo/server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { makeGraphqlHandler } from '../../src/http/graphql-route.ts';
import type { RequestFacts } from '../../src/http/request-facts.ts';
import { AppError } from '../../src/platform/errors.ts';
import { type HttpApp, post, startHttpApp } from '../support/http-app.ts';

interface Context {
  readonly facts: RequestFacts;
}

describe('Apollo behind the route', () => {
  let http: HttpApp;
  let contexts: RequestFacts[] = [];
  let failure: Error | undefined;
  const apollo = new ApolloServer<Context>({
    typeDefs:
      'type Query { ok: Boolean limited(after: Int!): Boolean cookie(value: String!): String public: Int @cacheControl(maxAge: 60) } directive @cacheControl(maxAge: Int) on FIELD_DEFINITION',
    resolvers: {
      Query: {
        ok: () => true,
        public: () => 1,
        limited: (_: unknown, { after }: { after: number }) => {
          throw new GraphQLError('Too many.', { extensions: { code: 'RATE_LIMITED', retryAfter: after } });
        },
        cookie: (_: unknown, { value }: { value: string }, { facts }: Context) => {
          facts.cookies.set('gatehouse-refresh', value, 60);
          facts.cookies.clear('gatehouse-device');
          return facts.cookies.find('gatehouse-refresh');
        },
      },
    },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
  });
  beforeAll(async () => {
    await apollo.start();
    const makeContext = async (facts: RequestFacts) => {
      contexts.push(facts);
      if (failure !== undefined) throw failure;
      return { facts };
    };
    const handleGraphql = makeGraphqlHandler(apollo, makeContext, {
      resolveDocument: (body) => body,
      findDocumentFault: () => undefined,
      findKnownOperation: () => undefined,
    });
    http = await startHttpApp({}, { handleGraphql });
  });
  beforeEach(() => {
    contexts = [];
    failure = undefined;
  });
  afterAll(async () => {
    await http.stop();
    await apollo.stop();
  });

  test('answers an operation, and nobody may keep the answer', async () => {
    const { status, headers, text } = await post(http.port, { query: '{ ok public }' });
    expect([status, text.trim()]).toEqual([200, '{"data":{"ok":true,"public":1}}']);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect((await post(http.port, { query: '{ public }' })).headers['cache-control']).toBe('no-store');
  });

  test('hands the context what the transport knows', async () => {
    await post(http.port, { query: '{ ok }' }, { authorization: 'Bearer t', cookie: 'gatehouse-refresh=r' });
    expect(contexts).toHaveLength(1);
    expect(contexts[0]).toMatchObject({
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      origin: { ip: '127.0.0.1', userAgent: null },
      clientKey: '127.0.0.1',
      authorization: 'Bearer t',
      fromAllowedOrigin: false,
    });
  });

  test('sends the largest retryAfter as Retry-After, with status 200', async () => {
    const query = '{ ok a: limited(after: 3) b: limited(after: 40) c: limited(after: 7) }';
    const { status, headers } = await post(http.port, { query });
    expect([status, headers['retry-after']]).toEqual([200, '40']);
    expect((await post(http.port, { query: '{ ok }' })).headers).not.toHaveProperty('retry-after');
  });

  test('sets and clears cookies, and reads those of the request', async () => {
    const { headers, text } = await post(
      http.port,
      { query: '{ cookie(value: "new.1") }' },
      { cookie: 'a=b; gatehouse-refresh=old' },
    );
    expect(JSON.parse(text).data.cookie).toBe('old');
    expect(headers['set-cookie']).toEqual([
      'gatehouse-refresh=new.1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict',
      'gatehouse-device=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict',
    ]);
  });

  test.each([
    ['a document that does not parse', { query: '{' }],
    ['one that does not validate', { query: '{ nothing }' }],
    ['none at all', {}],
    ['variables of the wrong kind', { query: '{ ok }', variables: 'x' }],
  ])('%s is an error with the request id', async (_, body) => {
    const { status, headers, errors } = await post(http.port, body);
    expect(status).toBe(400);
    expect(errors[0]?.extensions).toMatchObject({ requestId: headers['x-request-id'] });
    expect(headers['cache-control']).toBe('no-store');
  });

  test('a context that fails tells nothing of why, and runs nothing (v5.0.0-16.5.1)', async () => {
    failure = new Error('connect ECONNREFUSED canary.internal');
    const { status, text, code, headers } = await post(http.port, { query: '{ ok }' });
    expect([status, code, headers['cache-control']]).toEqual([500, 'INTERNAL_SERVER_ERROR', 'no-store']);
    expect(text).not.toMatch(/canary|Context creation/);
    expect(http.log.filter(({ level, message }) => level === 'error' && message === 'a request failed')).toHaveLength(
      1,
    );
  });

  test('a context that refuses does so with its own code', async () => {
    failure = new AppError('BUSY', 'Too much work at the moment.', { retryAfter: 4 });
    const { status, code, headers } = await post(http.port, { query: '{ ok }' });
    expect([status, code, headers['retry-after']]).toEqual([503, 'BUSY', '4']);
  });
});
