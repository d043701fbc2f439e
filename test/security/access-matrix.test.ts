import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GraphQLNamedType, GraphQLObjectType, getNamedType, isObjectType, isUnionType } from 'graphql';
import { ACCESS_MAP } from '../../src/access/access-map.ts';
import { describeSchema } from '../../src/schema.ts';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client } from '../support/client.ts';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

/**
 * Who may do and read what, said a second time and apart from the access map: every field of the schema stands here once, and
 * one that is added without a line fails.
 */
const WHO: Readonly<Record<string, string>> = {
  anyone: `Query.serverInfo
    Mutation.register Mutation.verifyEmail Mutation.resendVerification Mutation.revertEmailChange Mutation.login
    Mutation.refresh Mutation.logout Mutation.requestPasswordReset Mutation.resetPassword
    ServerInfo.version ServerInfo.registrationOpen ServerInfo.passwordPolicy ServerInfo.loginMethods
    ServerInfo.secondFactorMethods ServerInfo.recentLoginSeconds ServerInfo.errorCodes ServerInfo.fieldProblems
    PasswordPolicy.minLength PasswordPolicy.maxLength PasswordPolicy.refuses`,
  'anyone, with sound credentials or none': 'Query.me',
  'logged in': `Query.user Mutation.confirmEmailChange Mutation.reauthenticate Mutation.serviceToken Mutation.changePassword
    Mutation.updateProfile`,
  'logged in recently': `Mutation.requestEmailChange Mutation.revokeSession Mutation.revokeOtherSessions
    Mutation.exportMyData Mutation.eraseMe`,
  ROLES_READ: 'Query.roles',
  AUDIT_READ: 'Query.auditEvents Query.auditIntegrity',
  'USERS_WRITE, logged in recently': 'Mutation.createUser Mutation.disableUser Mutation.enableUser',
  'USERS_ERASE, logged in recently': 'Mutation.eraseUser',
  'SESSIONS_REVOKE, logged in recently': 'Mutation.revokeUserSessions',
  'ROLES_WRITE, logged in recently': `Mutation.createRole Mutation.updateRole Mutation.deleteRole Mutation.assignRole
    Mutation.unassignRole`,
  USERS_READ: 'Query.users',
  'self, or USERS_READ; else null': `User.email
    Profile.displayName Profile.givenName Profile.familyName Profile.bio Profile.phone Profile.birthDate Profile.address
    Profile.avatarUrl Profile.locale Profile.timeZone Profile.updatedAt`,
  'self, or SESSIONS_READ; else null': 'User.sessions',
  'whoever may read the object': `User.id User.emailVerified User.status User.roles User.permissions User.profile
    User.createdAt User.lastLoginAt
    AuditEvent.id AuditEvent.at AuditEvent.type AuditEvent.outcome AuditEvent.actorKind AuditEvent.actorId AuditEvent.actor
    AuditEvent.subjectId AuditEvent.operationName AuditEvent.requestId AuditEvent.ip AuditEvent.userAgent AuditEvent.details
    AuditEvent.sealedAt AuditEventConnection.edges AuditEventConnection.nodes AuditEventConnection.pageInfo
    AuditEventEdge.cursor AuditEventEdge.node AuditIntegrity.intact AuditIntegrity.verifiedAt AuditIntegrity.head
    AuditIntegrity.sealedEvents AuditIntegrity.firstBrokenId AuditIntegrity.singleRole
    UserConnection.edges UserConnection.nodes UserConnection.pageInfo UserEdge.cursor UserEdge.node
    PageInfo.hasNextPage PageInfo.hasPreviousPage PageInfo.startCursor PageInfo.endCursor
    PostalAddress.lines PostalAddress.locality PostalAddress.region PostalAddress.postalCode PostalAddress.country
    Role.id Role.name Role.description Role.permissions Role.builtIn
    LoggedIn.accessToken LoggedIn.tokenType LoggedIn.expiresIn LoggedIn.refreshToken LoggedIn.session LoggedIn.user
    LoggedIn.requiredActions LoggedIn.deviceToken
    SecondFactorRequired.loginToken SecondFactorRequired.expiresIn SecondFactorRequired.methods
    SecondFactorRequired.passkeyOptions
    Session.id Session.current Session.createdAt Session.lastSeenAt Session.expiresAt Session.authenticatedAt
    Session.secondFactor Session.ip Session.userAgent Session.deviceName
    ServiceToken.accessToken ServiceToken.tokenType ServiceToken.expiresIn
    RegisterPayload.accepted VerifyEmailPayload.verified VerifyEmailPayload.setPassword ResendVerificationPayload.accepted
    RequestEmailChangePayload.accepted ConfirmEmailChangePayload.user RevertEmailChangePayload.reverted
    LogoutPayload.loggedOut RevokeSessionPayload.revoked RevokeSessionPayload.revokedSessionId RevokeSessionPayload.user
    RevokeOtherSessionsPayload.revokedCount RevokeOtherSessionsPayload.revokedSessionIds RevokeOtherSessionsPayload.user
    ChangePasswordPayload.changed RequestPasswordResetPayload.accepted ResetPasswordPayload.reset
    ResetPasswordPayload.deviceToken UpdateProfilePayload.user ExportMyDataPayload.exportedAt ExportMyDataPayload.data
    EraseMePayload.erased EraseUserPayload.user CreateUserPayload.user DisableUserPayload.user EnableUserPayload.user
    RevokeUserSessionsPayload.revokedCount RevokeUserSessionsPayload.user CreateRolePayload.role UpdateRolePayload.role
    DeleteRolePayload.deleted DeleteRolePayload.deletedRoleId AssignRolePayload.user UnassignRolePayload.user`,
};
const whoMay = new Map(
  Object.entries(WHO).flatMap(([who, fields]) => fields.split(/\s+/).map((field) => [field, who] as const)),
);

const schema = describeSchema();
const fieldsOfSchema = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : []));

describe('the table of who may what', () => {
  test('has every field of the schema, each once', () => {
    expect([...whoMay.keys()].sort()).toEqual([...fieldsOfSchema].sort());
    expect(Object.values(WHO).flatMap((fields) => fields.split(/\s+/))).toHaveLength(whoMay.size);
  });

  test.each([...whoMay])('%s: %s, as the access map says', (name, who) => {
    const [type = '', field = ''] = name.split('.');
    expect(ACCESS_MAP[type]?.[field]?.rule.says).toBe(who);
  });
});

/** All fields of a type that can be selected below it, each type at most twice on a path. */
function selectAll(type: GraphQLNamedType, above: readonly string[] = []): string {
  if (isUnionType(type)) {
    return `{ __typename ${type
      .getTypes()
      .map((one) => `... on ${one.name} ${selectAll(one, above)}`)
      .join(' ')} }`;
  }
  if (!(type instanceof GraphQLObjectType)) return '';
  if (above.includes(type.name)) return '{ __typename }';
  const inner = Object.values(type.getFields()).map(
    (field) => `${field.name} ${selectAll(getNamedType(field.type), [...above, type.name])}`,
  );
  return `{ ${inner.join(' ')} }`;
}

const NOBODY_TOKEN = `${'A'.repeat(22)}.${'B'.repeat(43)}`;
const NOBODY_ID = '0190aaaa-0000-7000-8000-00000000000a';
const OTHER_PASSWORD = 'entirely other words';

/** A call of each root field, and what it comes to once it is let through: the code, or undefined for an answer. */
const CALLS: Readonly<Record<string, readonly [args: string, code: string | undefined]>> = {
  'Query.me': ['', undefined],
  'Query.user': [`(id: "${NOBODY_ID}")`, undefined],
  'Query.users': ['(first: 1)', undefined],
  'Query.serverInfo': ['', undefined],
  'Mutation.register': [`(input: { email: "new@example.com", password: "${PASSWORD}" })`, undefined],
  'Mutation.verifyEmail': [`(input: { token: "${NOBODY_TOKEN}" })`, 'INVALID_TOKEN'],
  'Mutation.resendVerification': ['(input: { email: "new@example.com" })', undefined],
  'Mutation.requestEmailChange': ['(input: { newEmail: "newer@example.com" })', undefined],
  'Mutation.confirmEmailChange': [`(input: { token: "${NOBODY_TOKEN}" })`, 'INVALID_TOKEN'],
  'Mutation.revertEmailChange': [`(input: { token: "${NOBODY_TOKEN}" })`, 'INVALID_TOKEN'],
  'Mutation.login': [`(input: { email: "user@example.com", password: "${PASSWORD}" })`, undefined],
  'Mutation.refresh': [`(input: { refreshToken: "${NOBODY_TOKEN}" })`, 'INVALID_TOKEN'],
  'Mutation.reauthenticate': ['(input: { password: "a wrong password" })', 'INVALID_CREDENTIALS'],
  'Mutation.serviceToken': ['(input: { audience: "https://service.example" })', undefined],
  'Mutation.logout': [`(input: { refreshToken: "${NOBODY_TOKEN}" })`, undefined],
  'Mutation.revokeSession': ['(input: { id: "0190aaaa-0000-7000-8000-00000000000a" })', 'NOT_FOUND'],
  'Mutation.revokeOtherSessions': ['', undefined],
  'Mutation.changePassword': [
    `(input: { currentPassword: "a wrong password", newPassword: "${OTHER_PASSWORD}" })`,
    'INVALID_CREDENTIALS',
  ],
  'Mutation.requestPasswordReset': ['(input: { email: "user@example.com" })', undefined],
  'Mutation.resetPassword': [
    `(input: { token: "${NOBODY_TOKEN}", newPassword: "${OTHER_PASSWORD}" })`,
    'INVALID_TOKEN',
  ],
  'Query.roles': ['', undefined],
  'Query.auditEvents': ['(first: 1)', undefined],
  'Query.auditIntegrity': ['', undefined],
  'Mutation.createUser': ['(input: { email: "user@example.com" })', 'CONFLICT'],
  'Mutation.disableUser': [`(input: { id: "${NOBODY_ID}", reason: "x" })`, 'NOT_FOUND'],
  'Mutation.eraseUser': [`(input: { id: "${NOBODY_ID}", reason: "x" })`, 'NOT_FOUND'],
  'Mutation.enableUser': [`(input: { id: "${NOBODY_ID}" })`, 'NOT_FOUND'],
  'Mutation.revokeUserSessions': [`(input: { userId: "${NOBODY_ID}" })`, 'NOT_FOUND'],
  'Mutation.createRole': ['(input: { name: "user", description: "x", permissions: [] })', 'CONFLICT'],
  'Mutation.updateRole': ['(input: { name: "nothing" })', 'NOT_FOUND'],
  'Mutation.deleteRole': ['(input: { name: "nothing" })', 'NOT_FOUND'],
  'Mutation.assignRole': [`(input: { userId: "${NOBODY_ID}", role: "user" })`, 'NOT_FOUND'],
  'Mutation.unassignRole': [`(input: { userId: "${NOBODY_ID}", role: "user" })`, 'NOT_FOUND'],
  'Mutation.exportMyData': ['', undefined],
  'Mutation.eraseMe': ['(input: { confirmEmail: "somebody-else@example.com" })', 'BAD_USER_INPUT'],
  'Mutation.updateProfile': ['(input: { displayName: "Me" })', undefined],
};

const ROLES: Readonly<Record<string, readonly string[]>> = {
  user: [],
  support: ['support'],
  auditor: ['auditor'],
  admin: ['admin'],
};
const ALL = `USERS_READ USERS_WRITE USERS_ERASE SESSIONS_READ SESSIONS_REVOKE ROLES_READ ROLES_WRITE AUDIT_READ`.split(
  ' ',
);
/** Who holds what, said a second time too. */
const HOLDS: Readonly<Record<string, readonly string[]>> = {
  support: ['USERS_READ', 'SESSIONS_READ', 'SESSIONS_REVOKE'],
  auditor: ['AUDIT_READ', 'ROLES_READ'],
  admin: ALL,
  'long ago': ALL,
};
const LOGGED_IN = Object.keys(ROLES);
const ACTORS = ['anonymous', ...LOGGED_IN, 'long ago', 'expired', 'disabled', 'ended', 'erased'];

let server: TestServer;
const actors: Record<string, () => Promise<Client>> = {};

beforeAll(async () => {
  server = await startTestServer({
    ...WITHOUT_LIMITS,
    AUDIENCES: 'https://service.example',
    ACCESS_TOKEN_SECONDS: '1200',
    PRIVILEGED_SESSION_IDLE_SECONDS: '86400',
    PRIVILEGED_SESSION_ABSOLUTE_SECONDS: '86400',
  });
  for (const [name, roles] of Object.entries(ROLES)) await server.person(`${name}@example.com`, ...roles);
  const fixed = async (email: string, then: (person: Awaited<ReturnType<TestServer['logIn']>>) => Promise<unknown>) => {
    const person = await server.person(email, 'admin');
    await then(person);
    return async () => person.client;
  };
  const setStatus = (userId: string, status: string) =>
    server.database.query('UPDATE users SET status = $2, version = version + 1 WHERE id = $1', [userId, status]);
  Object.assign(actors, {
    anonymous: async () => server.anyone,
    ...Object.fromEntries(
      LOGGED_IN.map((name) => [name, async () => (await server.logIn(`${name}@example.com`)).client]),
    ),
    expired: await fixed('expired@example.com', async () => server.clock.advanceSeconds(1_200)),
    'long ago': async () => {
      const { client, sessionId } = await server.logIn('admin@example.com');
      await server.database.query(
        `UPDATE sessions SET authenticated_at = authenticated_at - interval '601 seconds' WHERE id = $1`,
        [sessionId],
      );
      return client;
    },
    disabled: await fixed('disabled@example.com', ({ userId }) => setStatus(userId, 'DISABLED')),
    erased: await fixed('erased@example.com', async ({ userId }) => {
      await setStatus(userId, 'ERASED');
      await server.database.query('DELETE FROM data_keys WHERE user_id = $1', [userId]);
    }),
    ended: await fixed('ended@example.com', ({ client }) => client.send('mutation { logout { loggedOut } }')),
  });
});
afterAll(() => server.stop());

/** What the rule of a root field answers an actor; undefined where it lets them through. */
function refusalOf(who: string | undefined, actor: string): string | undefined {
  if (who === 'anyone') return undefined;
  if (actor === 'expired') return 'TOKEN_EXPIRED';
  if (['disabled', 'ended', 'erased'].includes(actor)) return 'UNAUTHENTICATED';
  if (actor === 'anonymous') return who === 'anyone, with sound credentials or none' ? undefined : 'UNAUTHENTICATED';
  const permission = /^[A-Z_]+/.exec(who ?? '')?.[0];
  if (permission && !HOLDS[actor]?.includes(permission)) return 'FORBIDDEN';
  return who?.endsWith('logged in recently') && actor === 'long ago' ? 'REAUTHENTICATION_REQUIRED' : undefined;
}

const roots = [...whoMay.keys()].filter((name) => /^(?:Query|Mutation)\./.test(name));

describe('every root field for every actor (v5.0.0-8.2.1)', () => {
  test('has a call', () => {
    expect(Object.keys(CALLS).sort()).toEqual([...roots].sort());
  });

  test.each(roots.flatMap((root) => ACTORS.map((actor) => [root, actor] as const)))('%s as %s', async (root, actor) => {
    const [typeName = '', field = ''] = root.split('.');
    const [args = '', outcome] = CALLS[root] ?? [];
    const type = schema.getType(typeName);
    const payload = isObjectType(type) ? type.getFields()[field]?.type : undefined;
    if (!payload) throw new TypeError(`${root} is not in the schema`);
    const client = await actors[actor]?.();
    const answer = await client?.send(
      `${typeName.toLowerCase()} { ${field}${args} ${selectAll(getNamedType(payload))} }`,
    );
    const refusal = refusalOf(whoMay.get(root), actor);
    expect(answer?.status).toBe(200);
    expect(answer?.errors.map(({ extensions }) => extensions.code)).toEqual([refusal ?? outcome].filter(Boolean));
    const value = answer?.data[field];
    if (refusal ?? outcome) expect(value).toBeNull();
    else if (root === 'Query.me' && actor === 'anonymous') expect(value).toBeNull();
    // Of an id that nobody has.
    else if (root === 'Query.user') expect(value).toBeNull();
    else expect(value).not.toBeNull();
  });
});

describe('what is one’s own', () => {
  test.each(LOGGED_IN)('is all there for %s', async (name) => {
    const client = await actors[name]?.();
    const answer = await client?.send(
      '{ me { email sessions { ip current } profile { displayName } roles { name } permissions } }',
    );
    expect(answer?.data['me']).toMatchObject({ email: `${name}@example.com`, profile: { displayName: 'Me' } });
    expect(answer?.data['me'].roles.map((role: { name: string }) => role.name).sort()).toEqual(
      [...(ROLES[name] ?? []), 'user'].sort(),
    );
    expect(answer?.data['me'].sessions.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
  });

  test('of whoever logs in is theirs in that answer, whoever the bearer belongs to', async () => {
    const client = await actors['auditor']?.();
    const answer = await client?.send(
      `mutation { login(input: { email: "user@example.com", password: "${PASSWORD}" }) { ... on LoggedIn { user { email sessions { id } } } }
        updateProfile(input: { displayName: "Me" }) { user { email } } }`,
    );
    expect(answer?.data['login'].user).toMatchObject({ email: 'user@example.com', sessions: expect.any(Array) });
    expect(answer?.data['updateProfile'].user).toEqual({ email: 'auditor@example.com' });
  });
});

describe('a role that is taken away or given (v5.0.0-8.3.2)', () => {
  test('counts from the next request on, whatever the token says', async () => {
    const { client, userId } = await server.person('changing@example.com', 'admin');
    const permissions = async () => (await client.send('{ me { permissions } }')).data['me'].permissions.length;
    expect(await permissions()).toBeGreaterThan(5);
    await server.database.query(`DELETE FROM user_roles WHERE user_id = $1`, [userId]);
    expect(await permissions()).toBe(0);
  });
});

describe('another’s session (v5.0.0-8.2.2)', () => {
  test('is as unknown to revokeSession as a random id, for each role, and goes on', async () => {
    const victim = await server.logIn('user@example.com');
    for (const name of LOGGED_IN) {
      const actor = name === 'user' ? await server.person('other@example.com') : { client: await actors[name]?.() };
      const revoke = (id: string) =>
        actor.client?.send('mutation M($id: ID!) { revokeSession(input: { id: $id }) { revoked } }', { id });
      const [theirs, random] = [await revoke(victim.sessionId), await revoke('0190aaaa-0000-7000-8000-00000000000a')];
      const told = (text = '') => text.replace(/"requestId":"[^"]+"/, '');
      expect(theirs?.code).toBe('NOT_FOUND');
      expect(told(theirs?.text)).toBe(told(random?.text));
    }
    expect((await victim.client.send('{ me { id } }')).data['me']).toEqual({ id: victim.userId });
  });
});

describe('a denial (v5.0.0-16.3.2)', () => {
  const denials = (sessionUser: string) =>
    server.database.query<{ details: object; request_id: string }[]>(
      `SELECT details, request_id FROM audit_events WHERE type = 'access.denied' AND actor_id = $1
         ORDER BY details->>'field'`,
      [sessionUser],
    );

  test('of somebody known is one event each, with its field, its code and its request, and without what was sent', async () => {
    const { client, userId, sessionId } = await server.person('denied@example.com');
    await server.database.query(
      `UPDATE sessions SET authenticated_at = authenticated_at - interval '601 seconds' WHERE id = $1`,
      [sessionId],
    );
    const aged = await client.send(
      'mutation { requestEmailChange(input: { newEmail: "sent@example.com" }) { accepted } }',
    );
    await client.send('mutation { logout { loggedOut } }');
    const ended = await client.send('{ me { id } }');
    const { accessToken } = await server.logIn('denied@example.com');
    await server.anyone.as(accessToken).send('{ me { id } }');
    await until('both were written', async () => (await denials(userId)).length >= 2);
    expect(await denials(userId)).toEqual([
      {
        details: { operation: 'QUERY', field: 'me', code: 'UNAUTHENTICATED' },
        request_id: ended.headers.get('x-request-id'),
      },
      {
        details: { operation: 'MUTATION', field: 'requestEmailChange', code: 'REAUTHENTICATION_REQUIRED' },
        request_id: aged.headers.get('x-request-id'),
      },
    ]);
  });

  test('of nobody known who reads is none: to be asked to log in happens every day', async () => {
    const count = async () =>
      (await server.database.query(`SELECT count(*)::int AS count FROM audit_events WHERE type = 'access.denied'`))[0]
        .count;
    const before = await count();
    await server.anyone.as('nonsense').send('{ me { id } }');
    await server.anyone.send('mutation { revokeOtherSessions { revokedCount } }');
    await until('the mutation was written', async () => (await count()) > before);
    expect(await count()).toBe(before + 1);
  });
});
