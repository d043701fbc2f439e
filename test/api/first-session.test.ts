import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

describe('a first session', () => {
  test('goes from register to logout, each step seen by the next', async () => {
    const { anyone, mails } = server;
    const registered = await anyone.send('mutation($input: RegisterInput!) { register(input: $input) { accepted } }', {
      input: { email: 'ada@example.com', password: PASSWORD, profile: { displayName: 'Ada' } },
    });
    expect(registered.data).toEqual({ register: { accepted: true } });
    const token = await mails.token('ada@example.com');
    const early = await anyone.send(
      `mutation { login(input: { email: "ada@example.com", password: "${PASSWORD}" }) { __typename } }`,
    );
    expect(early.code).toBe('EMAIL_NOT_VERIFIED');
    const verified = await anyone.send(
      `mutation { verifyEmail(input: { token: "${token}" }) { verified setPassword } }`,
    );
    expect(verified.data).toEqual({ verifyEmail: { verified: true, setPassword: false } });

    const { client, refreshToken } = await server.logIn('ada@example.com');
    const me = await client.send('{ me { email emailVerified status roles { name } profile { displayName phone } } }');
    expect(me.data['me']).toEqual({
      email: 'ada@example.com',
      emailVerified: true,
      status: 'ACTIVE',
      roles: [{ name: 'user' }],
      profile: { displayName: 'Ada', phone: null },
    });
    const updated = await client.send(
      'mutation { updateProfile(input: { phone: "+41 44 668 18 00", displayName: null }) { user { profile { displayName phone } } } }',
    );
    expect(updated.data['updateProfile'].user.profile).toEqual({ displayName: null, phone: '+41446681800' });
    const refreshed = await anyone.send(
      `mutation { refresh(input: { refreshToken: "${refreshToken}" }) { accessToken user { email } } }`,
    );
    expect(refreshed.data['refresh'].user.email).toBe('ada@example.com');
    const after = client.as(refreshed.data['refresh'].accessToken);
    expect((await after.send('mutation { logout { loggedOut } }')).data).toEqual({ logout: { loggedOut: true } });

    expect((await anyone.send('{ me { id } }')).data).toEqual({ me: null });
    const ended = await after.send('{ me { id } serverInfo { version } }');
    expect(ended.code).toBe('UNAUTHENTICATED');
    expect(ended.data).toEqual({ me: null, serverInfo: { version: expect.any(String) } });
  });
});
