import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import type { ClassType } from 'type-graphql';
import { AuditingResolver } from './auditing/auditing.resolver.ts';
import { buildSchema } from './graphql/build-schema.ts';
import { ServerInfoResolver } from './graphql/server-info.ts';
import { PersonalDataResolver } from './personal-data/personal-data.resolver.ts';
import { RolesResolver } from './roles/roles.resolver.ts';
import { OwnSessionsResolver } from './sessions/own-sessions.resolver.ts';
import { PasswordResetResolver } from './sessions/password-reset.resolver.ts';
import { SessionsResolver } from './sessions/sessions.resolver.ts';
import { CredentialsResolver } from './users/credentials.resolver.ts';
import { ProfileResolver } from './users/profile.resolver.ts';
import { RegistrationResolver } from './users/registration.resolver.ts';
import { UserAdministrationResolver } from './users/user-administration.resolver.ts';
import { UsersResolver } from './users/users.resolver.ts';

/** Every resolver: what is not here is not in the schema. */
const RESOLVERS: readonly ClassType[] = [
  RegistrationResolver,
  CredentialsResolver,
  ProfileResolver,
  UsersResolver,
  SessionsResolver,
  OwnSessionsResolver,
  PasswordResetResolver,
  PersonalDataResolver,
  UserAdministrationResolver,
  RolesResolver,
  AuditingResolver,
  ServerInfoResolver,
];

/** The schema, answered by these instances, one of each resolver class. */
export function makeSchema(instances: readonly object[]): GraphQLSchema {
  const byClass = new Map<unknown, object>(instances.map((instance) => [instance.constructor, instance]));
  const missing = RESOLVERS.filter((resolver) => !byClass.has(resolver));
  if (missing.length > 0) throw new TypeError(`Nobody made ${missing.map(({ name }) => name).join(', ')}.`);
  return buildSchema(RESOLVERS, (wanted) => byClass.get(wanted));
}

/** The schema to look at: it answers nothing. */
export function describeSchema(): GraphQLSchema {
  return buildSchema(RESOLVERS, () => undefined);
}
