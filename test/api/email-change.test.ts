import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { countEvents, login, RESET, register, settled, verify, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const DAY = 86_400;
const NEWER = 'nine copper violets in the rain';
const REQUEST = 'mutation M($to: EmailAddress!) { requestEmailChange(input: { newEmail: $to }) { accepted } }';
const CONFIRM = 'mutation M($t: String!) { confirmEmailChange(input: { token: $t }) { user { email } } }';
const REVERT = 'mutation M($t: String!) { revertEmailChange(input: { token: $t }) { reverted } }';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
});
afterAll(() => server.stop());

const tokenIn = (text: string) => /^Token: (\S+)$/m.exec(text)?.[1] ?? '';
/** The tokens of a page that an address was mailed, oldest first. */
const tokensOf = (email: string, page: string) =>
  server.mails
    .to(email)
    .filter(({ text }) => text.includes(`${page}#`))
    .map(({ text }) => tokenIn(text));
const newest = async (email: string, page: string) => {
  await settled(server);
  return tokensOf(email, page).at(-1) ?? '';
};
async function move(client: Client, to: string): Promise<void> {
  await client.send(REQUEST, { to });
  const moved = await client.send(CONFIRM, { t: await newest(to, 'confirm-email') });
  expect(moved.data).toEqual({ confirmEmailChange: { user: { email: to } } });
  await settled(server);
  server.clock.advanceSeconds(1);
}
const revert = async (t: string) => (await server.anyone.send(REVERT, { t })).code;
const codeOf = async (email: string, password = PASSWORD) => (await login(server.anyone, email, password)).code;
const reset = async (t: string, newPassword = NEWER) =>
  (await server.anyone.send(RESET, { input: { token: t, newPassword } })).code;
const person = (name: string): Promise<LoggedInClient> => server.person(`${name}@example.com`);

describe('a request to move', () => {
  test('mails the new address a token and the old one a notice that holds none', async () => {
    const { client } = await person('noticed');
    await client.send(REQUEST, { to: 'noticed-2@example.com' });
    await settled(server);
    expect(tokensOf('noticed-2@example.com', 'confirm-email')).toHaveLength(1);
    const notice = server.mails.to('noticed@example.com').at(-1);
    expect([tokenIn(notice?.text ?? ''), notice?.text.includes('noticed-2@example.com')]).toEqual(['', false]);
    expect(server.mails.to('noticed@example.com')).toHaveLength(2);
  });

  test('to an address that somebody has answers the same, and mails that one nothing', async () => {
    await person('has-it');
    const { client } = await person('wants-it');
    const before = server.mails.to('has-it@example.com').length;
    expect((await client.send(REQUEST, { to: 'Has-It@example.com' })).data).toEqual({
      requestEmailChange: { accepted: true },
    });
    await settled(server);
    expect(server.mails.to('has-it@example.com')).toHaveLength(before);
    expect(server.mails.to('Has-It@example.com')).toHaveLength(0);
  });

  test('keeps three tokens live, and one used ends the others', async () => {
    const { client } = await person('asks-often');
    for (let time = 1; time <= 4; time += 1) {
      server.clock.advanceSeconds(1);
      await client.send(REQUEST, { to: `asked-${time}@example.com` });
      await settled(server);
    }
    const tokens = [1, 2, 3, 4].map((time) => tokensOf(`asked-${time}@example.com`, 'confirm-email')[0] ?? '');
    const confirm = async (t: string | undefined) => (await client.send(CONFIRM, { t })).code;
    expect(await confirm(tokens[0])).toBe('INVALID_TOKEN');
    expect(await confirm(tokens[2])).toBeUndefined();
    expect([await confirm(tokens[1]), await confirm(tokens[3]), await confirm(tokens[2])]).toEqual(
      Array(3).fill('INVALID_TOKEN'),
    );
  });

  test('lives an hour, to the second', async () => {
    const { client } = await person('slow');
    await client.send(REQUEST, { to: 'slow-2@example.com' });
    const t = await newest('slow-2@example.com', 'confirm-email');
    server.clock.advanceSeconds(3_600);
    const again = await server.logIn('slow@example.com');
    expect((await again.client.send(CONFIRM, { t })).code).toBe('INVALID_TOKEN');
    await again.client.send(REQUEST, { to: 'slow-3@example.com' });
    const other = await newest('slow-3@example.com', 'confirm-email');
    server.clock.advanceSeconds(3_599);
    const last = await server.logIn('slow@example.com');
    expect((await last.client.send(CONFIRM, { t: other })).code).toBeUndefined();
  });
});

describe('a move', () => {
  test('ends the other sessions, keeps this one, and voids reset and older change tokens', async () => {
    const { client } = await person('moves');
    const other = await server.logIn('moves@example.com');
    await server.anyone.send('mutation { requestPasswordReset(input: { email: "moves@example.com" }) { accepted } }');
    const resetToken = await newest('moves@example.com', 'reset-password');
    await client.send(REQUEST, { to: 'moves-3@example.com' });
    const older = await newest('moves-3@example.com', 'confirm-email');
    await move(client, 'moves-2@example.com');
    expect((await other.client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect((await client.send('{ me { id } }')).code).toBeUndefined();
    expect(await reset(resetToken)).toBe('INVALID_TOKEN');
    expect((await client.send(CONFIRM, { t: older })).code).toBe('INVALID_TOKEN');
  });

  test('takes effect once of 50 parallel tries', async () => {
    const { client, userId } = await person('fifty');
    await client.send(REQUEST, { to: 'fifty-2@example.com' });
    const t = await newest('fifty-2@example.com', 'confirm-email');
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.send(CONFIRM, { t })));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    for (const { code } of answers) expect([undefined, 'INVALID_TOKEN', 'BUSY']).toContain(code);
    expect(await countEvents(server, 'email.changed', userId)).toBe(1);
    expect(tokensOf('fifty@example.com', 'revert-email')).toHaveLength(1);
  });

  test('to an address that an account got meanwhile is CONFLICT, and changes nothing', async () => {
    const { client } = await person('too-late');
    await client.send(REQUEST, { to: 'contended@example.com' });
    const t = await newest('contended@example.com', 'confirm-email');
    await person('contended');
    expect((await client.send(CONFIRM, { t })).code).toBe('CONFLICT');
    expect((await client.send('{ me { email } }')).data['me'].email).toBe('too-late@example.com');
    expect(await codeOf('contended@example.com')).toBeUndefined();
  });
});

describe('the token that undoes a move', () => {
  test('outlives later moves and a change of the password, and takes the account back from whoever made them', async () => {
    const { client } = await person('owner');
    await move(client, 'thief@example.com');
    const change = 'mutation M($i: ChangePasswordInput!) { changePassword(input: $i) { changed } }';
    await client.send(change, { i: { currentPassword: PASSWORD, newPassword: 'the thief chose these words' } });
    await move(client, 'thief-2@example.com');
    await move(client, 'thief-3@example.com');
    expect(tokensOf('owner@example.com', 'revert-email')).toHaveLength(1);
    const thiefs = tokensOf('thief-2@example.com', 'revert-email')[0] ?? '';

    expect(await revert(await newest('owner@example.com', 'revert-email'))).toBeUndefined();
    expect((await client.send('{ me { id } }')).code).toBe('UNAUTHENTICATED');
    expect(await revert(thiefs)).toBe('INVALID_TOKEN');
    for (const password of [PASSWORD, 'the thief chose these words']) {
      expect(await codeOf('owner@example.com', password)).toBe('INVALID_CREDENTIALS');
      expect(await codeOf('thief-3@example.com', password)).toBe('INVALID_CREDENTIALS');
    }
    expect(await reset(await newest('owner@example.com', 'reset-password'))).toBeUndefined();
    expect(await codeOf('owner@example.com', NEWER)).toBeUndefined();
  });

  test('of a later move leads back to the one before it, and leaves the older one', async () => {
    const { client } = await person('first');
    await move(client, 'second@example.com');
    await move(client, 'third@example.com');
    expect(await revert(await newest('second@example.com', 'revert-email'))).toBeUndefined();
    expect(await reset(await newest('second@example.com', 'reset-password'))).toBeUndefined();
    expect(await codeOf('second@example.com', NEWER)).toBeUndefined();
    expect(await revert(await newest('first@example.com', 'revert-email'))).toBeUndefined();
    expect(await codeOf('second@example.com', NEWER)).toBe('INVALID_CREDENTIALS');
  });

  test('is one a move, however many there are: ten moves leave ten', async () => {
    const { client, userId } = await person('far-0');
    for (let time = 1; time <= 10; time += 1) await move(client, `far-${time}@example.com`);
    const [row] = await server.database.query(
      `SELECT count(*)::int AS live FROM one_time_tokens WHERE user_id = $1 AND purpose = 'REVERT_EMAIL' AND used_at IS NULL`,
      [userId],
    );
    expect(row.live).toBe(10);
    expect(await revert(await newest('far-0@example.com', 'revert-email'))).toBeUndefined();
    expect(await revert(await newest('far-9@example.com', 'revert-email'))).toBe('INVALID_TOKEN');
  });

  test('is good for seven days, to the second, and survives the clean-up until then', async () => {
    const { client } = await person('late');
    await move(client, 'late-2@example.com');
    server.clock.advanceSeconds(7 * DAY - 2);
    const other = await startTestServer({ CLEAN_UP_SECONDS: '1' }, server.shared);
    await other.stop();
    expect(await revert(await newest('late@example.com', 'revert-email'))).toBeUndefined();

    const { client: second } = await person('later');
    await move(second, 'later-2@example.com');
    server.clock.advanceSeconds(7 * DAY - 1);
    expect(await revert(await newest('later@example.com', 'revert-email'))).toBe('INVALID_TOKEN');
  });

  test('works once of 50 parallel tries', async () => {
    const { client, userId } = await person('undone');
    await move(client, 'undone-2@example.com');
    const t = await newest('undone@example.com', 'revert-email');
    const codes = await Promise.all(Array.from({ length: 50 }, () => revert(t)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(await countEvents(server, 'email.reverted', userId)).toBe(1);
  });

  test('voids the device tokens', async () => {
    const { client, userId } = await person('known');
    await move(client, 'known-2@example.com');
    await server.logIn('known-2@example.com');
    const live = async () =>
      (await server.database.query('SELECT 1 FROM devices WHERE ended_at IS NULL AND user_id = $1', [userId])).length;
    expect(await live()).toBe(1);
    await revert(await newest('known@example.com', 'revert-email'));
    expect(await live()).toBe(0);
  });
});

describe('a registration that nobody verified keeps no owner from their address', () => {
  test('not the one to whom a move is undone: an intruder registers what they moved away from', async () => {
    const { client, userId } = await person('robbed');
    await move(client, 'robber@example.com');
    await register(server.anyone, 'robbed@example.com', 'the robber chose these words');
    const registered = await newest('robbed@example.com', 'verify-email');
    expect(await revert(await newest('robbed@example.com', 'revert-email'))).toBeUndefined();
    expect(await reset(await newest('robbed@example.com', 'reset-password'))).toBeUndefined();
    expect((await server.logIn('robbed@example.com', NEWER)).userId).toBe(userId);
    expect(await codeOf('robbed@example.com', 'the robber chose these words')).toBe('INVALID_CREDENTIALS');
    expect((await verify(server.anyone, registered)).code).toBe('INVALID_TOKEN');
    const [event] = await server.database.query(
      `SELECT actor_id, subject_id FROM audit_events WHERE type = 'registration.displaced'`,
    );
    expect(event.actor_id).toBe(userId);
    expect(event.subject_id).not.toBe(userId);
  });

  test('nor who moves there with the token mailed to it', async () => {
    await register(server.anyone, 'squatted@example.com', 'a stranger chose these words');
    await settled(server);
    const { client } = await person('moves-in');
    await move(client, 'squatted@example.com');
    expect(await codeOf('squatted@example.com')).toBeUndefined();
  });

  test('but one that was verified, or that an administrator made, is somebody’s: the twin of the above', async () => {
    const { client } = await person('left');
    await move(client, 'left-2@example.com');
    await server.signUp('left@example.com', 'somebody else’s good words');
    expect(await revert(await newest('left@example.com', 'revert-email'))).toBe('CONFLICT');
    const { userId } = await server.logIn('left@example.com', 'somebody else’s good words');
    await server.database.query(`UPDATE users SET status = 'PENDING', origin = 'ADMINISTRATOR' WHERE id = $1`, [
      userId,
    ]);
    expect(await revert(await newest('left@example.com', 'revert-email'))).toBe('CONFLICT');
    expect((await client.send('{ me { email } }')).data['me'].email).toBe('left-2@example.com');
  });
});
