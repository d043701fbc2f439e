import { Field, ObjectType } from 'type-graphql';
import { PageInfo } from '../graphql/pages.ts';
import { User } from './user.type.ts';

@ObjectType({ description: 'A user in a list.' })
export class UserEdge {
  @Field(() => String, { description: 'Where it stands: for `after`, with the same filter.' })
  readonly cursor!: string;

  @Field(() => User, { description: 'The user.' })
  readonly node!: User;
}

@ObjectType({ description: 'A page of users.' })
export class UserConnection {
  @Field(() => [UserEdge], { description: 'The users with their cursors.' })
  readonly edges!: readonly UserEdge[];

  @Field(() => [User], { description: 'The users alone.' })
  readonly nodes!: readonly User[];

  @Field(() => PageInfo, { description: 'What comes before and after.' })
  readonly pageInfo!: PageInfo;
}
