/** The plain table as a TypeORM entity, for the references that are made with it. */
import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';
import { DATABASE_URL } from './who.mjs';

const text = { type: 'text' };

export const Person = new EntitySchema({
  name: 'Person',
  tableName: 'bench_people',
  columns: {
    id: { type: 'uuid', primary: true },
    email: text,
    roles: { type: 'text', array: true },
    displayName: { ...text, name: 'display_name' },
    givenName: { ...text, name: 'given_name' },
    familyName: { ...text, name: 'family_name' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});

export const openPeople = async () => {
  const database = await new DataSource({ type: 'postgres', url: DATABASE_URL, entities: [Person] }).initialize();
  return database.getRepository(Person);
};

/** What GraphQL resolves of a person that is not simply a property of that name. */
export const USER_RESOLVERS = {
  roles: ({ roles }) => roles.map((name) => ({ name })),
  profile: (person) => person,
};
