/** The schema of `typical`, behind graphql-shield as its guide shows it. */
import { createRequire } from 'node:module';
import { USER_RESOLVERS } from './people.mjs';
import { TYPE_DEFS } from './who.mjs';

// CommonJS for all three, or they do not know each other's schema.
const require = createRequire(import.meta.url);
const { makeExecutableSchema } = require('@graphql-tools/schema');
const { applyMiddleware } = require('graphql-middleware');
const { allow, rule, shield } = require('graphql-shield');

const isLoggedIn = rule({ cache: 'contextual' })(async (_, _args, { user }) => user !== null);

export function buildSchema() {
  const resolvers = { Query: { me: (_, _args, { user }) => user }, User: USER_RESOLVERS };
  const rules = { Query: { '*': isLoggedIn }, User: isLoggedIn, Profile: isLoggedIn };
  return applyMiddleware(
    makeExecutableSchema({ typeDefs: TYPE_DEFS, resolvers }),
    shield(rules, { fallbackRule: allow, allowExternalErrors: true }),
  );
}
