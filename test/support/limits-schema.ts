import { buildSchema } from 'graphql';

/** A schema with each shape that the document limits tell apart: pages, lists without pages, types that nest without end. */
export const limitsSchema = buildSchema(/* GraphQL */ `
  interface Node {
    id: ID!
  }
  type Query {
    me: User
    node: Node
    users(first: Int = 20, after: String): UserConnection
    latest(first: Int): [User!]
    roles: [Role!]
    serverInfo: ServerInfo
  }
  type Mutation {
    login(email: String!): Session
    register(email: String!): Session
    refresh: Session
    logout: Session
    updateProfile(bio: String): User
  }
  type User implements Node {
    id: ID!
    email: String
    sessions: [Session!]
    friend: User
  }
  type Session {
    id: ID!
    user: User
  }
  type Role {
    name: String!
    holders(first: Int = 20): UserConnection
  }
  type ServerInfo {
    version: String!
    errorCodes: [String!]!
  }
  type UserConnection {
    edges: [UserEdge!]!
    nodes: [User!]!
    pageInfo: PageInfo!
  }
  type UserEdge {
    cursor: String!
    node: User!
  }
  type PageInfo {
    hasNextPage: Boolean!
  }
`);
