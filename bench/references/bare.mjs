/** What people start with: Apollo's standalone server and TypeORM. Nobody is logged in; who asks is a header. */
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { openPeople, USER_RESOLVERS } from './people.mjs';
import { port, TYPE_DEFS } from './who.mjs';

const people = await openPeople();
const resolvers = {
  Query: {
    me: (_, _args, { userId }) => people.findOne({ where: { id: userId } }),
    users: async (_, { first }) => ({
      nodes: await people.find({ order: { createdAt: 'DESC', id: 'DESC' }, take: first }),
    }),
  },
  User: USER_RESOLVERS,
};
await startStandaloneServer(new ApolloServer({ typeDefs: TYPE_DEFS, resolvers }), {
  context: async ({ req }) => ({ userId: req.headers['user-id'] }),
  listen: { port, host: '127.0.0.1' },
});
