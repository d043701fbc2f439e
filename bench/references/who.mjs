/**
 * What every reference program answers and reads: one row of a plain table. It has all that `me` asks for, so that nothing is
 * joined: the cheapest way to keep a user, and the hardest to keep up with.
 */
import { readFileSync } from 'node:fs';

export const SQL = 'SELECT id, email, roles, display_name, given_name, family_name FROM bench_people WHERE id = $1';

/** A row of `SQL` as the API shows it; undefined where there is none. */
export const toUser = (row) =>
  row && {
    id: row.id,
    email: row.email,
    roles: row.roles.map((name) => ({ name })),
    profile: { displayName: row.display_name, givenName: row.given_name, familyName: row.family_name },
  };

export const TYPE_DEFS = `
  type Role { name: String! }
  type Profile { displayName: String givenName: String familyName: String }
  type User { id: ID! email: String roles: [Role!]! profile: Profile! }
  type UserConnection { nodes: [User!]! }
  type Query { me: User users(first: Int!): UserConnection! }
`;

/** The environment is the whole interface: where the database is, which port, and the keys of tokens. */
export const { DATABASE_URL, PORT, TOKEN_SECRET = '' } = process.env;
export const port = Number(PORT);
export const readPublicKey = () => JSON.parse(readFileSync(process.env.TOKEN_JWK_FILE, 'utf8'));
