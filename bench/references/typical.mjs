/** What people go on to: Apollo on Express, a token by jsonwebtoken, the user read for each request, rules by graphql-shield. */

import { createRequire } from 'node:module';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { openPeople } from './people.mjs';
import { buildSchema } from './typical-schema.mjs';
import { port, TOKEN_SECRET } from './who.mjs';

const require = createRequire(import.meta.url);
const jwt = require('jsonwebtoken');

const people = await openPeople();
const apollo = new ApolloServer({ schema: buildSchema() });
await apollo.start();

const readUser = async (header = '') => {
  const { sub } = jwt.verify(header.replace(/^Bearer /, ''), TOKEN_SECRET, { algorithms: ['HS256'] });
  return people.findOne({ where: { id: sub } });
};

express()
  .use(
    '/graphql',
    express.json(),
    expressMiddleware(apollo, { context: async ({ req }) => ({ user: await readUser(req.headers.authorization) }) }),
  )
  .listen(port, '127.0.0.1');
