import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EventType } from '../../src/audit/event-types.ts';
import { describeSchema } from '../../src/schema.ts';
import { settled, until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import { addRole } from '../support/administration-acts.ts';
import { breakDatabase } from '../support/broken-database.ts';
import type { Client } from '../support/client.ts';
import { type LoggedInClient, PASSWORD, startTestServer, type TestServer } from '../support/server.ts';

const NEW_PASSWORD = 'entirely other words';

let server: TestServer;
let admin: LoggedInClient;
beforeAll(async () => {
  server = await startTestServer({ ...WITHOUT_LIMITS, AUDIENCES: 'reports' });
  admin = await server.person('admin@example.com', 'admin');
});
afterAll(() => server.stop());

/** A mutation, ready to be sent. */
interface Prepared {
  readonly client: Client;
  readonly input?: object;
}

interface Case {
  /** The event that its success leaves. */
  readonly event: EventType;
  /** The change is made after the answer, by a worker. */
  readonly job?: true;
  readonly prepare: (address: string) => Promise<Prepared>;
}

const own =
  (input: (person: LoggedInClient, address: string) => object | Promise<object>) => async (address: string) => {
    const person = await server.person(address);
    return { client: person.client, input: await input(person, address) };
  };
const overOther = (input: (userId: string) => object | Promise<object>) => async (address: string) => {
  const { userId } = await server.person(address);
  return { client: admin.client, input: await input(userId) };
};
const withRole = (input: (name: string) => object) => async (address: string) => {
  const name = address.split('@')[0] ?? '';
  await addRole(server, name);
  return { client: admin.client, input: input(name) };
};
const send = (client: Client, name: string, input?: object) => client.send(documentOf(name), { input });
const moved = `moved-`;

/** One for each mutation of the schema: the first test fails where one has none. */
const CASES: Readonly<Record<string, Case>> = {
  register: {
    event: 'user.registered',
    job: true,
    prepare: async (email) => ({ client: server.anyone, input: { email, password: PASSWORD } }),
  },
  verifyEmail: {
    event: 'email.verified',
    prepare: async (email) => {
      await send(server.anyone, 'register', { email, password: PASSWORD });
      return { client: server.anyone, input: { token: await server.mails.token(email) } };
    },
  },
  resendVerification: {
    event: 'verification.requested',
    job: true,
    prepare: async (email) => {
      await send(server.anyone, 'register', { email, password: PASSWORD });
      await server.mails.wait(email);
      return { client: server.anyone, input: { email } };
    },
  },
  requestPasswordReset: {
    event: 'password.reset_requested',
    job: true,
    prepare: async (email) => {
      await server.signUp(email);
      return { client: server.anyone, input: { email } };
    },
  },
  resetPassword: {
    event: 'password.reset',
    prepare: async (email) => {
      await server.signUp(email);
      await send(server.anyone, 'requestPasswordReset', { email });
      return { client: server.anyone, input: { token: await server.mails.token(email, 2), newPassword: NEW_PASSWORD } };
    },
  },
  requestEmailChange: {
    event: 'email.change_requested',
    prepare: own((_, address) => ({ newEmail: `${moved}${address}` })),
  },
  confirmEmailChange: {
    event: 'email.changed',
    prepare: own(async ({ client }, address) => {
      await send(client, 'requestEmailChange', { newEmail: `${moved}${address}` });
      return { token: await server.mails.token(`${moved}${address}`) };
    }),
  },
  revertEmailChange: {
    event: 'email.reverted',
    prepare: own(async ({ client }, address) => {
      await send(client, 'requestEmailChange', { newEmail: `${moved}${address}` });
      await send(client, 'confirmEmailChange', { token: await server.mails.token(`${moved}${address}`) });
      return { token: await server.mails.token(address, 3) };
    }),
  },
  login: {
    event: 'session.created',
    prepare: async (email) => {
      await server.signUp(email);
      return { client: server.anyone, input: { email, password: PASSWORD } };
    },
  },
  refresh: {
    event: 'session.refreshed',
    prepare: own(({ refreshToken }) => ({ refreshToken })),
  },
  reauthenticate: { event: 'session.reauthenticated', prepare: own(() => ({ password: PASSWORD })) },
  serviceToken: { event: 'service_token.issued', prepare: own(() => ({ audience: 'reports' })) },
  logout: { event: 'session.ended', prepare: own(() => ({})) },
  revokeSession: {
    event: 'session.revoked',
    prepare: own(async (_, address) => ({ id: (await server.logIn(address)).sessionId })),
  },
  revokeOtherSessions: {
    event: 'sessions.revoked',
    prepare: async (address) => {
      const { client } = await server.person(address);
      await server.logIn(address);
      return { client };
    },
  },
  changePassword: {
    event: 'password.changed',
    prepare: own(() => ({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD })),
  },
  updateProfile: { event: 'profile.updated', prepare: own(() => ({ displayName: 'Ada' })) },
  exportMyData: {
    event: 'personal_data.exported',
    prepare: async (address) => ({ client: (await server.person(address)).client }),
  },
  eraseMe: { event: 'user.erased', prepare: own((_, address) => ({ confirmEmail: address })) },
  eraseUser: { event: 'user.erased_by_administrator', prepare: overOther((id) => ({ id, reason: 'asked for' })) },
  createUser: {
    event: 'user.created',
    prepare: async (email) => ({ client: admin.client, input: { email, roles: ['support'] } }),
  },
  disableUser: { event: 'user.disabled', prepare: overOther((id) => ({ id, reason: 'left' })) },
  enableUser: {
    event: 'user.enabled',
    prepare: overOther(async (id) => {
      await send(admin.client, 'disableUser', { id, reason: 'left' });
      return { id };
    }),
  },
  revokeUserSessions: { event: 'user.sessions_revoked', prepare: overOther((userId) => ({ userId })) },
  createRole: {
    event: 'role.created',
    prepare: async (address) => ({
      client: admin.client,
      input: { name: address.split('@')[0], description: 'For a test.', permissions: ['USERS_READ'] },
    }),
  },
  updateRole: { event: 'role.updated', prepare: withRole((name) => ({ name, description: 'Otherwise.' })) },
  deleteRole: { event: 'role.deleted', prepare: withRole((name) => ({ name })) },
  assignRole: { event: 'role.assigned', prepare: overOther((userId) => ({ userId, role: 'support' })) },
  unassignRole: {
    event: 'role.unassigned',
    prepare: overOther(async (userId) => {
      await send(admin.client, 'assignRole', { userId, role: 'support' });
      return { userId, role: 'support' };
    }),
  },
};

const MUTATIONS = describeSchema().getMutationType()?.getFields() ?? {};

function documentOf(name: string): string {
  const [argument] = MUTATIONS[name]?.args ?? [];
  const selection = '{ __typename }';
  return argument
    ? `mutation Act($input: ${argument.type}) { ${name}(input: $input) ${selection} }`
    : `mutation Act { ${name} ${selection} }`;
}

const CHANGED = [
  ...[
    'users',
    'email_indexes',
    'data_keys',
    'profiles',
    'user_roles',
    'roles',
    'one_time_tokens',
    'devices',
    'erasures',
  ],
  // Not its time of the last use, which moves by itself.
  `(SELECT id, refresh_generation, auth_generation, revoked_at FROM sessions)`,
];

async function look(event: EventType): Promise<{ state: string; events: number }> {
  const sums = await Promise.all(
    CHANGED.map(async (table) => {
      const [row] = await server.database.query(
        `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum FROM ${table} t`,
      );
      return row.sum;
    }),
  );
  const [{ events }] = await server.database.query('SELECT count(*)::int AS events FROM audit_events WHERE type = $1', [
    event,
  ]);
  return { state: sums.join(' '), events };
}

async function waitingJobs(): Promise<number> {
  const [row] = await server.database.query('SELECT count(*)::int AS jobs FROM address_jobs');
  return row.jobs;
}

/** Lets the time of a first retry pass, and wakes the worker, by a job that does nothing. */
async function tryJobsAgain(): Promise<void> {
  server.clock.advanceSeconds(2);
  await send(server.anyone, 'requestPasswordReset', { email: 'nobody@example.com' });
}

/** These leave no trace but their event, or one that they share with others. */
const WITHOUT_CHANGE = ['serviceToken', 'exportMyData'];
/** The change and its event are one statement, without a transaction. */
const ONE_STATEMENT = ['refresh', 'updateProfile'];

const ofKind = (isJob: boolean) => Object.entries(CASES).filter(([, { job }]) => (job === true) === isJob);

describe('each mutation and its event', () => {
  test('has a case here', () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(MUTATIONS).sort());
  });

  test.each(ofKind(true))(
    'of %s are both there, or neither while its job waits for another try, whichever statement of that breaks',
    async (name, each) => {
      let [failing, isWhole] = [0, false];
      while (!isWhole) {
        failing += 1;
        const { client, input } = await each.prepare(`${name.toLowerCase()}-${failing}@example.com`);
        await settled(server);
        const before = await look(each.event);
        const sinceThen = async () => {
          const after = await look(each.event);
          return { change: after.state !== before.state, event: after.events - before.events };
        };
        const broken = breakDatabase(failing, 'job');
        expect((await send(client, name, input)).errors).toEqual([]);
        await until('the job was tried', async () =>
          broken.hasBroken() ? !broken.isBusy() : (await waitingJobs()) === 0,
        );
        broken.mend();
        isWhole = !broken.hasBroken();
        const tried = { failing, waiting: await waitingJobs(), ...(await sinceThen()) };
        const nothing = { failing, waiting: 1, change: false, event: 0 };
        expect(tried).toEqual(isWhole ? { failing, waiting: 0, change: true, event: 1 } : nothing);
        await tryJobsAgain();
        await settled(server);
        expect({ failing, ...(await sinceThen()) }).toEqual({ failing, change: true, event: 1 });
      }
      expect(failing).toBeGreaterThan(5);
    },
  );

  test.each(ofKind(false))('of %s are both there, or neither, whichever statement breaks', async (name, each) => {
    const { client, input } = await each.prepare(`${name.toLowerCase()}@example.com`);
    await settled(server);
    let [failing, isWhole] = [0, false];
    while (!isWhole) {
      failing += 1;
      const before = await look(each.event);
      const broken = breakDatabase(failing);
      const answer = await send(client, name, input);
      broken.mend();
      await settled(server);
      isWhole = !broken.hasBroken();
      const after = await look(each.event);
      const happened = { change: after.state !== before.state, event: after.events - before.events };
      const isDone = answer.errors.length === 0 && (isWhole || after.events > before.events);
      const expected = { change: isDone && !WITHOUT_CHANGE.includes(name), event: isDone ? 1 : 0 };
      expect({ failing, ...happened }).toEqual({ failing, ...expected });
      if (isWhole) expect({ failing, errors: answer.errors }).toEqual({ failing, errors: [] });
    }
    expect(failing).toBeGreaterThan(ONE_STATEMENT.includes(name) ? 1 : 2);
  });
});
