import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { register, settled, userIds, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { act } from '../support/administration-acts.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const REASON = 'Suspected of everything at once.';

let server: TestServer;
let admin: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  admin = await server.person('admin@example.com', 'admin');
});
afterAll(() => server.stop());

const disable = (id: string) => act(admin.client, 'disableUser', { id, reason: REASON });
const noticesTo = async (email: string) => {
  await settled(server);
  return server.mails.to(email).filter(({ subject }) => /disabled|gesperrt/.test(subject));
};

describe('whoever is disabled', () => {
  test('gets one notice of it, in their language, with their name and without the reason', async () => {
    await server.signUp('heidi@example.com', PASSWORD, { displayName: 'Heidi', locale: 'de-CH' });
    const { userId } = await server.logIn('heidi@example.com');
    await Promise.all(Array.from({ length: 50 }, () => disable(userId)));
    const notices = await noticesTo('heidi@example.com');
    expect(notices.map(({ subject }) => subject)).toEqual(['Ihr Konto wurde gesperrt']);
    expect(notices[0]?.text).toContain('Heidi');
    expect(JSON.stringify(notices)).not.toMatch(/Suspected|everything at once|admin@example\.com/);
  });

  test('gets none where they never showed that the address is theirs', async () => {
    const before = new Set(await userIds(server));
    await register(server.anyone, 'stranger@example.com', PASSWORD);
    await settled(server);
    const [id = ''] = (await userIds(server)).filter((each) => !before.has(each));
    expect((await disable(id)).data['disableUser'].user.status).toBe('DISABLED');
    expect(await noticesTo('stranger@example.com')).toEqual([]);
  });
});

test('whoever cannot be disabled gets no notice', async () => {
  expect((await disable(admin.userId)).code).toBe('CONFLICT');
  expect(await noticesTo('admin@example.com')).toEqual([]);
});
