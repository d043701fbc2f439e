import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'pg';
import { until, WITHOUT_LIMITS } from '../support/account-acts.ts';
import type { Client as GraphqlClient } from '../support/client.ts';
import { type LoggedInClient, startTestServer, type TestServer } from '../support/server.ts';

const FIELDS = `id at type outcome actorKind actorId actor { id status email } subjectId operationName requestId
  ip userAgent details sealedAt`;
const PAGE = `query Events($first: Int, $after: String, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    edges { cursor node { ${FIELDS} } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Event {
  readonly id: string;
  readonly at: string;
  readonly type: string;
  readonly actorId: string | null;
  readonly actor: { id: string; status: string; email: string | null } | null;
  readonly ip: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly sealedAt: string | null;
  readonly [field: string]: unknown;
}

let server: TestServer;
let ada: LoggedInClient;
let auditor: GraphqlClient;
let admin: GraphqlClient;
beforeAll(async () => {
  server = await startTestServer(WITHOUT_LIMITS);
  await server.signUp('ada@example.com');
  server.clock.advanceSeconds(1);
  ada = await server.logIn('ada@example.com');
  server.clock.advanceSeconds(1);
  auditor = (await server.person('auditor@example.com', 'auditor')).client;
  server.clock.advanceSeconds(1);
  admin = (await server.person('admin@example.com', 'admin')).client;
  server.clock.advanceSeconds(1);
});
afterAll(() => server.stop());

async function read(client: GraphqlClient, filter?: object, first = 100): Promise<readonly Event[]> {
  const answer = await client.send(PAGE, { first, filter });
  if (answer.errors.length > 0) throw new Error(answer.text);
  return answer.data['auditEvents'].edges.map(({ node }: { node: Event }) => node);
}

describe('auditEvents', () => {
  test('shows what happened, newest first, with where it came from', async () => {
    const events = await read(auditor, { actorId: ada.userId });
    expect(events[0]).toMatchObject({
      type: 'session.created',
      outcome: 'SUCCESS',
      actorKind: 'USER',
      actorId: ada.userId,
      actor: { id: ada.userId, status: 'ACTIVE', email: null },
      operationName: 'Login',
      ip: '127.0.0.1',
      details: { delivery: 'BODY', factors: ['pwd'] },
    });
    const all = await read(auditor);
    expect(all.map(({ at, id }) => `${at} ${id}`)).toEqual(
      all
        .map(({ at, id }) => `${at} ${id}`)
        .sort()
        .reverse(),
    );
  });

  test('shows an address to whoever may read users, and to no other auditor', async () => {
    await server.anyone.send('mutation($input: LoginInput!) { login(input: $input) { __typename } }', {
      input: { email: 'nobody@example.com', password: 'some other words here' },
    });
    const types = { types: ['login.failed'] };
    await until('the failure was written', async () => (await read(auditor, types)).length > 0);
    expect((await read(auditor, types))[0]?.details).toEqual({ reason: 'UNKNOWN_ADDRESS' });
    expect((await read(admin, types))[0]?.details).toEqual({
      reason: 'UNKNOWN_ADDRESS',
      address: 'nobody@example.com',
    });
    expect((await read(admin, { actorId: ada.userId }))[0]?.actor?.email).toBe('ada@example.com');
  });

  test('tells of a failed login on a known account by its id, and keeps nothing of what was typed', async () => {
    const typed = 'ADA@Example.com';
    await server.anyone.send('mutation($input: LoginInput!) { login(input: $input) { __typename } }', {
      input: { email: typed, password: 'some other words here' },
    });
    const filter = { types: ['login.failed'], subjectId: ada.userId };
    await until('the failure was written', async () => (await read(admin, filter)).length > 0);
    expect((await read(admin, filter))[0]?.details).toEqual({ reason: 'WRONG_PASSWORD' });
    expect(
      await server.database.query('SELECT subject_data FROM audit_events WHERE type = $1 AND subject_id = $2', [
        'login.failed',
        ada.userId,
      ]),
    ).toEqual([{ subject_data: null }]);
  });

  test('goes through all of them in pages, none twice, in both counts of a page', async () => {
    const filter = { before: new Date(server.clock.now().getTime() - 500).toISOString() };
    const all = await read(auditor, filter);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await auditor.send(PAGE, { first: 3, after, filter });
      const { edges, nodes, pageInfo } = data['auditEvents'];
      expect(nodes).toEqual(edges.map(({ node }: { node: Event }) => ({ id: node.id })));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      seen.push(...edges.map(({ node }: { node: Event }) => node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(seen.length).toBeGreaterThan(6);
  });

  test('refuses the cursor of another filter, and a type that there is not', async () => {
    const { data } = await auditor.send(PAGE, { first: 1 });
    const after = data['auditEvents'].pageInfo.endCursor;
    expect((await auditor.send(PAGE, { first: 1, after, filter: { outcome: 'FAILED' } })).code).toBe('BAD_USER_INPUT');
    const unknown = await auditor.send(PAGE, { filter: { types: ['session.created', 'no.such'] } });
    expect(unknown.errors[0]?.extensions.fields).toMatchObject([{ path: ['filter', 'types'], code: 'NOT_ALLOWED' }]);
    expect(unknown.text).not.toContain('no.such');
  });

  test.each<[string, () => object, (event: Event) => boolean]>([
    [
      'types',
      () => ({ types: ['user.registered', 'email.verified'] }),
      ({ type }) => /^user.reg|^email.ver/.test(type),
    ],
    ['outcome', () => ({ outcome: 'FAILED' }), ({ outcome }) => outcome === 'FAILED'],
    ['actorId', () => ({ actorId: ada.userId.toUpperCase() }), ({ actorId }) => actorId === ada.userId],
    ['subjectId', () => ({ subjectId: ada.userId }), ({ subjectId }) => subjectId === ada.userId],
    [
      'several at once',
      () => ({ subjectId: ada.userId, types: ['session.created'], outcome: 'SUCCESS' }),
      ({ subjectId, type }) => subjectId === ada.userId && type === 'session.created',
    ],
  ])('is chosen by %s', async (_, filter, fits) => {
    const before = new Date(server.clock.now().getTime() + 1).toISOString();
    const all = await read(auditor, { before });
    const chosen = await read(auditor, { ...filter(), before });
    const ids = new Set(all.map(({ id }) => id));
    // One may have been sealed between the two looks.
    const unsealed = (events: readonly Event[]) => events.map(({ sealedAt: _, ...event }) => event);
    expect(unsealed(chosen.filter(({ id }) => ids.has(id)))).toEqual(unsealed(all.filter(fits)));
    expect(chosen.length).toBeGreaterThan(0);
  });

  test('is chosen by time, both ends left out', async () => {
    const [newest] = await read(auditor, { types: ['user.registered'] });
    const at = newest?.at;
    expect(await read(auditor, { types: ['user.registered'], after: at })).toEqual([]);
    expect((await read(auditor, { types: ['user.registered'], before: at })).map(({ id }) => id)).not.toContain(
      newest?.id,
    );
  });

  test('says when an event was sealed, once it was', async () => {
    const filter = { actorId: ada.userId, types: ['session.created'] };
    await until('it was sealed', async () => (await read(auditor, filter))[0]?.sealedAt !== null);
    expect(Date.parse((await read(auditor, filter))[0]?.sealedAt ?? '')).not.toBeNaN();
  });

  test('keeps the events of an erased person, and shows nothing of them', async () => {
    const bea = await server.person('bea@example.com');
    const erased = await bea.client.send('mutation { eraseMe(input: { confirmEmail: "bea@example.com" }) { erased } }');
    expect(erased.errors).toEqual([]);
    const events = (await read(admin, { actorId: bea.userId })).filter(({ type }) => type === 'session.created');
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) {
      expect(event).toMatchObject({
        ip: null,
        userAgent: null,
        actor: { id: bea.userId, status: 'ERASED', email: null },
      });
    }
  });

  test.each([
    ['origin', 'ip', 'session.created'],
    ['subject_data', 'details', 'email.change_requested'],
  ])(
    'whose sealed %s was damaged fails its own fields, is an event, and hides no other',
    async (column, field, type) => {
      const cyd = await server.person(`cyd-${column}@example.com`);
      await cyd.client.send(
        'mutation($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { accepted } }',
        {
          input: { newEmail: `cyd-${column}@example.org` },
        },
      );
      const filter = { subjectId: cyd.userId };
      await until('it was written', async () => (await read(admin, { ...filter, types: [type] })).length > 0);
      const whole = await read(admin, filter);
      const [damaged] = whole.filter((event) => event.type === type);
      await damage(column, damaged?.id ?? '');
      const { data, errors } = await admin.send(PAGE, { filter });
      await damage(column, damaged?.id ?? '');
      const shown: Event[] = data['auditEvents'].edges.map(({ node }: { node: Event }) => node);
      // A worker may have told of the person meanwhile: what stood there before is what must stand there still.
      const known = new Set(whole.map(({ id }) => id));
      const others = (events: readonly Event[]) => events.filter(({ id }) => known.has(id) && id !== damaged?.id);
      expect(others(shown).length).toBe(whole.length - 1);
      expect(others(shown)).toMatchObject(others(whole).map(({ sealedAt: _, ...event }) => event));
      const at = shown.findIndex(({ id }) => id === damaged?.id);
      expect(shown[at]).toMatchObject({ type, actorId: damaged?.actorId, [field]: null });
      const failed = errors.map(({ path, extensions }) => `${path?.slice(1).join('.')} ${extensions.code}`).sort();
      const fields = field === 'ip' ? ['ip', 'userAgent'] : [field];
      expect(failed).toEqual(fields.map((name) => `edges.${at}.node.${name} INTERNAL_SERVER_ERROR`));
      const told = () => read(admin, { subjectId: damaged?.id, types: ['seal.broken'] });
      await until('the trail tells of it', async () => (await told()).length > 0);
      expect((await told()).map(({ details }) => details)).toEqual([{ table: 'audit_events', column }]);
    },
  );

  test('takes as many statements for a page of a hundred as for one of two', async () => {
    const ofReading = /page AS MATERIALIZED|keys WHERE id = ANY|WHERE u.id = ANY|FOR SHARE/;
    const query = jest.spyOn(Client.prototype, 'query');
    const count = async (first: number) => {
      query.mockClear();
      expect(await read(auditor, undefined, first)).toHaveLength(first);
      return query.mock.calls.filter(([sql]) => ofReading.test(String(sql))).length;
    };
    const counts = [await count(2), await count(25)];
    query.mockRestore();
    expect(counts).toEqual([5, 5]);
  });
});

describe('reading the trail', () => {
  test('is itself an event of it, with what was asked for', async () => {
    server.clock.advanceSeconds(1);
    await read(auditor, { outcome: 'DENIED' });
    const [event] = await read(admin, { types: ['audit.read'] });
    expect(event).toMatchObject({ details: { filters: ['outcome'] }, ip: '127.0.0.1' });
  });

  test('gives no answer where that event cannot be written', async () => {
    await server.database.query(
      `CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$`,
    );
    await server.database.query(
      `CREATE TRIGGER break BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.type = 'audit.read') EXECUTE FUNCTION break()`,
    );
    const { code, data } = await auditor.send(PAGE);
    await server.database.query('DROP FUNCTION break() CASCADE');
    expect({ code, page: data['auditEvents'] }).toEqual({ code: 'INTERNAL_SERVER_ERROR', page: null });
  });

  test('is for holders of AUDIT_READ alone', async () => {
    for (const field of ['auditEvents { nodes { id } }', 'auditIntegrity { intact }']) {
      expect((await ada.client.send(`{ ${field} }`)).code).toBe('FORBIDDEN');
      expect((await server.anyone.send(`{ ${field} }`)).code).toBe('UNAUTHENTICATED');
    }
  });
});

describe('auditIntegrity', () => {
  const INTEGRITY = '{ auditIntegrity { intact verifiedAt head sealedEvents firstBrokenId singleRole } }';
  const integrity = async () => (await auditor.send(INTEGRITY)).data['auditIntegrity'];

  test('says that the trail is intact, and its newest head', async () => {
    await until('events were sealed', async () => (await integrity()).sealedEvents > 5);
    expect(await integrity()).toMatchObject({
      intact: true,
      verifiedAt: null,
      head: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      firstBrokenId: null,
      singleRole: false,
    });
  });

  test('says so when an event has waited for its seal for over a minute', async () => {
    const id = '01930000-0000-7000-8000-0000000000ff';
    await server.database.query(
      `INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', '${id}'))).* FROM audit_events e LIMIT 1`,
    );
    await server.database.query(`INSERT INTO audit_unsealed VALUES ('${id}')`);
    server.clock.advanceSeconds(61);
    expect(await integrity()).toMatchObject({ intact: false, firstBrokenId: id });
  });
});

/** Flips a bit of an event's sealed value, as an owner of the database could; once more, and it is whole again. */
async function damage(column: string, id: string): Promise<void> {
  await server.database.query('ALTER TABLE audit_events DISABLE TRIGGER USER');
  await server.database.query(
    `UPDATE audit_events SET ${column} = set_byte(${column}, 20, get_byte(${column}, 20) # 1) WHERE id = $1`,
    [id],
  );
  await server.database.query('ALTER TABLE audit_events ENABLE TRIGGER USER');
}
