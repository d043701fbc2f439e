import { setTimeout as sleep } from 'node:timers/promises';
import { LIMIT_SETTING_NAMES } from '../../src/limits/rate-limits.ts';
import { limitVariable } from '../../src/settings.ts';
import type { Answer, Client } from './client.ts';
import type { TestServer } from './server.ts';

/** Settings for tests that are about something else than limits: no row is ever used up. */
export const WITHOUT_LIMITS: Readonly<Record<string, string>> = Object.fromEntries(
  LIMIT_SETTING_NAMES.map((name) => [limitVariable(name), '1000000000']),
);

export const REGISTER = 'mutation Register($input: RegisterInput!) { register(input: $input) { accepted } }';
export const VERIFY =
  'mutation VerifyEmail($input: VerifyEmailInput!) { verifyEmail(input: $input) { verified setPassword } }';
export const LOGIN = `mutation Login($input: LoginInput!) { login(input: $input) { ... on LoggedIn {
  accessToken refreshToken deviceToken session { id expiresAt } user { id } } } }`;
export const RESET = 'mutation ResetPassword($input: ResetPasswordInput!) { resetPassword(input: $input) { reset } }';

export const register = (client: Client, email: string, password: string, profile?: object): Promise<Answer> =>
  client.send(REGISTER, { input: { email, password, profile } });
export const verify = (client: Client, token: string): Promise<Answer> => client.send(VERIFY, { input: { token } });
export const login = (client: Client, email: string, password: string, more: object = {}): Promise<Answer> =>
  client.send(LOGIN, { input: { email, password, ...more } });

/** Flips a bit of a person's sealed value, as whoever writes to the database can; once more, and it is whole again. */
export const damage = ({ database }: Pick<TestServer, 'database'>, table: string, column: string, userId: string) =>
  database.query(
    `UPDATE ${table} SET ${column} = set_byte(${column}, 20, get_byte(${column}, 20) # 1)
     WHERE ${table === 'users' ? 'id' : 'user_id'} = $1`,
    [userId],
  );

/** Far beyond what any machine needs: a wait costs that only where what it waits for never comes. */
const IN_VAIN_MS = 60_000;

/** Asks until the answer is true, ever more seldom: after 5 ms, then 10, at last every 80. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + IN_VAIN_MS;
  for (let pauseMs = 5; !(await isSo()); pauseMs = Math.min(2 * pauseMs, 80)) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await sleep(pauseMs);
  }
}

/** Waits until every job on an address is done and every mail is sent: what a request set going has happened then. */
export async function settled({ database }: TestServer): Promise<void> {
  await until('jobs and mails were done', async () => {
    const [row] = await database.query(
      'SELECT (SELECT count(*) FROM address_jobs) + (SELECT count(*) FROM mails) AS waiting',
    );
    return Number(row.waiting) === 0;
  });
}

/** Rows of a person as they stand, looked up by the ids of all users that were not there before `known`. */
export async function userIds({ database }: TestServer): Promise<readonly string[]> {
  const rows: { id: string }[] = await database.query('SELECT id FROM users ORDER BY created_at, id');
  return rows.map(({ id }) => id);
}

/** What `work` adds to the users: its id. */
export async function idOfNewUser(server: TestServer, work: () => Promise<unknown>): Promise<string> {
  const before = new Set(await userIds(server));
  await work();
  await settled(server);
  const added = (await userIds(server)).filter((id) => !before.has(id));
  if (added.length !== 1) throw new Error(`${added.length} users were added`);
  return added[0] ?? '';
}

/** Everything stored of a person, but the tokens in their mails, as one text to compare. */
export async function storedOf({ database }: TestServer, userId: string): Promise<string> {
  const [row] = await database.query(
    `SELECT (SELECT u::text FROM users u WHERE u.id = $1) AS user,
      (SELECT p::text FROM profiles p WHERE p.user_id = $1) AS profile,
      (SELECT string_agg(e::text, ' ') FROM email_indexes e WHERE e.user_id = $1) AS indexes,
      (SELECT string_agg(r::text, ' ') FROM user_roles r WHERE r.user_id = $1) AS roles,
      (SELECT string_agg(k::text, ' ') FROM data_keys k WHERE k.user_id = $1) AS keys,
      (SELECT string_agg(s::text, ' ' ORDER BY s.id) FROM sessions s WHERE s.user_id = $1) AS sessions`,
    [userId],
  );
  return JSON.stringify(row, null, 1);
}

/** How many events of this type have this subject. */
export async function countEvents({ database }: TestServer, type: string, subjectId: string): Promise<number> {
  const [row] = await database.query(
    'SELECT count(*)::int AS count FROM audit_events WHERE type = $1 AND subject_id = $2',
    [type, subjectId],
  );
  return row.count;
}
