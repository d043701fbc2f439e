/** What is asked of the programs. */
import { randomUUID } from 'node:crypto';
import { send } from './drive.mjs';
import { addressOf, PASSWORD, READER } from './seed.mjs';

const USER_FIELDS = '{ id email roles { name } profile { displayName givenName familyName } }';
export const ME = JSON.stringify({ query: `{ me ${USER_FIELDS} }` });
const PAGE = JSON.stringify({ query: `{ users(first: 100) { nodes ${USER_FIELDS} } }` });
const LOGIN =
  'mutation($input: LoginInput!) { login(input: $input) { ... on LoggedIn { accessToken refreshToken user { id } } } }';
export const REFRESH = 'mutation($input: RefreshInput!) { refresh(input: $input) { accessToken refreshToken } }';

export const loginBody = (number, password = PASSWORD) =>
  JSON.stringify({ query: LOGIN, variables: { input: { email: addressOf(number), password } } });

/** People logged in by the server itself, spread evenly over all there are; `stage` signs the references' tokens. */
export async function logPeopleIn(program, stage, { count, total }) {
  const people = [];
  for (let index = 0; index < count; index += 1) {
    const number = 1 + Math.floor((index * total) / count);
    const { accessToken, refreshToken, id } = await logIn(program, number);
    people.push({
      number,
      id,
      accessToken,
      refreshToken,
      shared: await stage.signShared(id),
      public: await stage.signPublic(id),
    });
  }
  return people;
}

async function logIn(program, number) {
  const { text } = await send(program.url, { body: loginBody(number) });
  const login = JSON.parse(text).data?.login;
  if (!login) throw new Error(`A login failed: ${text}`);
  return { ...login, id: login.user.id };
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** A turn for each person, whichever connection asks. */
function inTurn(people, toRequest) {
  const requests = people.map(toRequest);
  let turn = 0;
  return () => requests[turn++ % requests.length];
}

/** `me` of each program; all answer the same text. */
export const ME_OF = {
  gatehouse: (people) => inTurn(people, (person) => ({ headers: bearer(person.accessToken), body: ME })),
  limit: (people) => inTurn(people, ({ id }) => ({ headers: { 'user-id': id }, body: ME })),
  bare: (people) => inTurn(people, ({ id }) => ({ headers: { 'user-id': id }, body: ME })),
  typical: (people) => inTurn(people, (person) => ({ headers: bearer(person.shared), body: ME })),
  mercurius: (people) => inTurn(people, (person) => ({ headers: bearer(person.public), body: ME })),
};

/** The newest 100 people, of the server to somebody who may read them, and of who asks for no token to anybody. */
export async function pageOf(program) {
  const { accessToken } = await logIn(program, READER);
  return () => ({ headers: bearer(accessToken), body: PAGE });
}
export const openPage = () => ({ body: PAGE });

/** One session a connection, each refresh with the token that the one before it answered. */
export function refreshing(people) {
  return {
    next: (slot) => ({
      body: JSON.stringify({
        query: REFRESH,
        variables: { input: { refreshToken: people[slot % people.length].refreshToken } },
      }),
    }),
    done(slot, body) {
      people[slot % people.length].refreshToken = JSON.parse(body).data.refresh.refreshToken;
    },
  };
}

/** Each with another text, so that none could be answered from what is remembered of one before. */
function document(selections) {
  const [before, after] = JSON.stringify({ query: `query NAME ${selections}` }).split('NAME');
  let count = 0;
  return () => ({ body: `${before}q${count++}${after}` });
}
const repeat = (count, part) => Array.from({ length: count }, (_, index) => part(index)).join(' ');
/** Nested deeper than any limit, by a field that leads back to itself. */
const DEEP = `{ __schema { types ${'{ fields { type '.repeat(20)}{ name }${' } }'.repeat(20)} } }`;

/** What the server refuses, and with which status. Each must cost no more than `me`. */
export const REFUSED = {
  'too deep': { expected: 400, next: document(DEEP) },
  'alias bomb of 1,000': {
    expected: 400,
    next: document(`{ ${repeat(1_000, (index) => `a${index}: serverInfo { version }`)} }`),
  },
  '10,000 tokens': { expected: 400, next: document(`{ ${repeat(10_000, () => 'me')} }`) },
  'bad token': {
    expected: 200,
    next: () => ({ headers: bearer(`eyJhbGciOiJFZERTQSJ9.${randomUUID()}.${randomUUID()}`), body: ME }),
  },
};

/** The same of a server whose limits are used up. */
export const RATE_LIMITED = { 'rate-limited field': { expected: 200, next: () => ({ body: loginBody(1, 'wrong') }) } };
export const SHUT_OUT = (people) => ({
  'address over its window': { expected: [429, 200], next: ME_OF.gatehouse(people) },
});
