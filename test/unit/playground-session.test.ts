import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PlaygroundSession } from '../../src/http/playground/session.ts';

const loggedIn = { accessToken: 'access', refreshToken: 'refresh', expiresIn: 600 };

describe('the playground holds the tokens of a login', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test.each(['login', 'completeLogin', 'finishPasskeyLogin', 'refresh', 'reauthenticate'])('from %s', (field) => {
    const session = new PlaygroundSession();
    session.observe(field, loggedIn);
    expect(session.read()).toEqual({ accessToken: 'access', refreshToken: 'refresh', expired: false });
  });

  test('but not from serviceToken, whose token this server refuses', () => {
    const session = new PlaygroundSession();
    session.observe('serviceToken', loggedIn);
    expect(session.read().accessToken).toBe('');
  });

  test.each([null, undefined, 'text', [loggedIn], { loginToken: 'x', expiresIn: 300 }])(
    'and not from an answer without one: %j',
    (answer) => {
      const session = new PlaygroundSession();
      session.observe('login', answer);
      expect(session.read().accessToken).toBe('');
    },
  );

  test('forgets both after a logout that ended something, and keeps them after one that did not', () => {
    const session = new PlaygroundSession();
    session.observe('login', loggedIn);
    session.observe('logout', { loggedOut: false });
    expect(session.read().accessToken).toBe('access');
    session.observe('logout', { loggedOut: true });
    expect(session.read()).toEqual({ accessToken: '', refreshToken: undefined, expired: false });
  });

  test('knows when the access token has run out, and starts anew with the next', () => {
    const session = new PlaygroundSession();
    session.observe('login', loggedIn);
    jest.advanceTimersByTime(599_000);
    expect(session.read().expired).toBe(false);
    session.observe('refresh', { ...loggedIn, accessToken: 'second' });
    jest.advanceTimersByTime(599_000);
    expect(session.read().expired).toBe(false);
    jest.advanceTimersByTime(1_000);
    expect(session.read()).toEqual({ accessToken: 'second', refreshToken: 'refresh', expired: true });
  });

  test('a pasted token, with or without its scheme, drops the refresh token of another login', () => {
    const session = new PlaygroundSession();
    session.observe('login', loggedIn);
    session.enter(' Bearer pasted ');
    expect(session.read()).toEqual({ accessToken: 'pasted', refreshToken: undefined, expired: false });
    session.enter('bare');
    expect(session.read().accessToken).toBe('bare');
  });

  test('tells whoever listens, until they stop', () => {
    const session = new PlaygroundSession();
    const listener = jest.fn();
    const stop = session.subscribe(listener);
    session.enter('a');
    stop();
    session.forget();
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
