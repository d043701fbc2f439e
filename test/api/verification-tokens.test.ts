import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { idOfNewUser, login, RESET, register, settled, verify, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const RESEND =
  'mutation ResendVerification($input: ResendVerificationInput!) { resendVerification(input: $input) { accepted } }';
const REQUEST_RESET =
  'mutation RequestPasswordReset($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { accepted } }';
const DAY = 86_400;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

const resend = (email: string) => server.anyone.send(RESEND, { input: { email } });
const codeOf = async (token: string) => (await verify(server.anyone, token)).code;

/** A PENDING account, and the tokens of its first mail and of so many more that were asked for, a second apart. */
async function tokensOf(email: string, more = 0): Promise<readonly string[]> {
  await register(server.anyone, email, PASSWORD);
  await settled(server);
  for (let count = 0; count < more; count += 1) {
    server.clock.advanceSeconds(1);
    await resend(email);
    await settled(server);
  }
  return Promise.all(Array.from({ length: more + 1 }, (_, at) => server.mails.token(email, at + 1)));
}

/** The one token of a PENDING account. */
async function tokenOf(email: string): Promise<string> {
  const [token = ''] = await tokensOf(email);
  return token;
}

describe('a verification token works once (v5.0.0-6.5.1)', () => {
  test('of 50 parallel tries one succeeds, and the others are INVALID_TOKEN', async () => {
    const token = await tokenOf('fifty@example.com');
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify(server.anyone, token)));
    const successes = answers.filter(({ data }) => data['verifyEmail']?.verified === true);
    expect(successes).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'INVALID_TOKEN')).toHaveLength(49);
    const [row] = await server.database.query(
      `SELECT count(*)::int AS count FROM audit_events e JOIN one_time_tokens t ON t.user_id::text = e.subject_id
       WHERE e.type = 'email.verified' AND t.used_at IS NOT NULL`,
    );
    expect(row.count).toBe(1);
  });

  test('of 50 parallel tries with three live tokens one succeeds', async () => {
    const tokens = await tokensOf('three-at-once@example.com', 2);
    const answers = await Promise.all(
      Array.from({ length: 51 }, (_, at) => verify(server.anyone, tokens[at % 3] ?? '')),
    );
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'INVALID_TOKEN')).toHaveLength(50);
  });

  test('and its use ends the others of the account', async () => {
    const [first = '', second = '', third = ''] = await tokensOf('others@example.com', 2);
    expect(await codeOf(second)).toBeUndefined();
    expect(await codeOf(second)).toBe('INVALID_TOKEN');
    expect(await codeOf(first)).toBe('INVALID_TOKEN');
    expect(await codeOf(third)).toBe('INVALID_TOKEN');
  });
});

describe('of an account’s verification tokens', () => {
  test('three live at once, so that nobody kills another’s link by asking again', async () => {
    const [first = ''] = await tokensOf('three@example.com', 2);
    expect(await codeOf(first)).toBeUndefined();
  });

  test('a fourth ends the oldest, and it alone', async () => {
    const [first = '', second = ''] = await tokensOf('four@example.com', 3);
    expect(await codeOf(first)).toBe('INVALID_TOKEN');
    expect(await codeOf(second)).toBeUndefined();
  });

  test('never more than three live, also when 20 are asked for at once', async () => {
    const id = await idOfNewUser(server, () => register(server.anyone, 'twenty@example.com', PASSWORD));
    await Promise.all(Array.from({ length: 20 }, () => resend('twenty@example.com')));
    await settled(server);
    const live = await server.database.query(
      'SELECT 1 FROM one_time_tokens WHERE user_id = $1 AND used_at IS NULL AND expires_at > $2',
      [id, server.clock.now()],
    );
    expect(live).toHaveLength(3);
  });

  test('each lives 24 hours and no longer, by the server’s clock', async () => {
    const early = await tokenOf('early@example.com');
    const late = await tokenOf('late@example.com');
    server.clock.advance(DAY * 1000 - 1);
    expect(await codeOf(early)).toBeUndefined();
    server.clock.advance(1);
    expect(await codeOf(late)).toBe('INVALID_TOKEN');
    expect((await login(server.anyone, 'late@example.com', PASSWORD)).code).toBe('EMAIL_NOT_VERIFIED');
  });
});

describe('a token is good for its own purpose alone (v5.0.0-9.2.2)', () => {
  test('one that resets a password verifies nothing, and the other way round', async () => {
    const verification = await tokenOf('purpose@example.com');
    await server.anyone.send(REQUEST_RESET, { input: { email: 'purpose@example.com' } });
    await settled(server);
    const reset = await server.mails.token('purpose@example.com', 2);
    expect(await codeOf(reset)).toBe('INVALID_TOKEN');
    const wrong = await server.anyone.send(RESET, {
      input: { token: verification, newPassword: 'entirely other words' },
    });
    expect(wrong.code).toBe('INVALID_TOKEN');
    expect(await codeOf(verification)).toBeUndefined();
  });

  test('no token of a session is one', async () => {
    await server.signUp('session@example.com');
    const { accessToken, refreshToken, deviceToken, sessionId } = await server.logIn('session@example.com');
    for (const text of [accessToken, refreshToken, deviceToken, sessionId])
      expect(await codeOf(text)).toBe('INVALID_TOKEN');
  });

  test('verifying gives no session', async () => {
    const answer = await verify(server.anyone, await tokenOf('no-session@example.com'));
    expect(answer.text).toBe('{"data":{"verifyEmail":{"verified":true,"setPassword":false}}}\n');
    expect(answer.headers.get('set-cookie')).toBeNull();
  });
});

describe('a token that was tampered with is INVALID_TOKEN, and spends nothing', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  /** The text with the character at `index` (from the end where negative) replaced by the one `steps` further. */
  const change = (text: string, index: number, steps = 1) => {
    const at = index < 0 ? text.length + index : index;
    const next = ALPHABET[(ALPHABET.indexOf(text[at] ?? '') + steps) % 64] ?? '';
    return text.slice(0, at) + next + text.slice(at + 1);
  };

  test('in any way', async () => {
    const token = await tokenOf('tampered@example.com');
    const foreign = await tokenOf('foreign@example.com');
    const [id = '', secret = ''] = token.split('.');
    const tampered = [
      change(token, 0),
      change(token, 22 - 2),
      change(token, 23),
      change(token, -3),
      // Bits that the last character has and the bytes have not: the same bytes, another spelling.
      change(token, -1, 1),
      change(token, -1, 2),
      `${token}=`,
      `${token}A`,
      `${token} `,
      ` ${token}`,
      token.slice(0, -1),
      token.toLowerCase(),
      id,
      secret,
      `${secret}.${id}`,
      `${id}.${foreign.split('.')[1]}`,
      `${foreign.split('.')[0]}.${secret}`,
      `${id}.${'A'.repeat(43)}`,
      `${'A'.repeat(22)}.${secret}`,
      `${id}..${secret}`,
      'x',
      '.',
    ].filter((text) => text !== token);
    for (const text of tampered) expect([text, await codeOf(text)]).toEqual([text, 'INVALID_TOKEN']);
    expect(await codeOf(token)).toBeUndefined();
    expect(await codeOf(foreign)).toBeUndefined();
  });
});

describe('resendVerification', () => {
  test('answers the same for any address, and mails only a PENDING one', async () => {
    await server.signUp('active@example.com');
    await tokenOf('waiting@example.com');
    const mails = server.mails.all.length;
    const answers = [];
    for (const name of ['nobody', 'active', 'waiting']) answers.push((await resend(`${name}@example.com`)).text);
    await settled(server);
    expect(new Set(answers)).toEqual(new Set(['{"data":{"resendVerification":{"accepted":true}}}\n']));
    expect(server.mails.all.slice(mails).map(({ to }) => to)).toEqual(['waiting@example.com']);
  });
});
