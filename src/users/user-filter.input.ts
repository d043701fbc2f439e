import { ArgsType, Field, InputType } from 'type-graphql';
import { PageArgs } from '../graphql/pages.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';
import type { UserStatus } from './user.entity.ts';
import { UserStatusEnum } from './user.type.ts';

@InputType({ description: 'Which users. All that is given must hold; null is the same as left out.' })
export class UserFilter {
  @Field(() => EmailAddressScalar, { nullable: true, description: 'The whole address; parts of one are not searched.' })
  email?: string | null;

  @Field(() => UserStatusEnum, { nullable: true, description: 'Where the account stands.' })
  status?: UserStatus | null;

  @Field(() => String, {
    nullable: true,
    description: 'The name of a role that they hold. One that there is not is refused.',
  })
  role?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Made later than this.' })
  createdAfter?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Made earlier than this.' })
  createdBefore?: Date | null;
}

@ArgsType()
export class UsersArgs extends PageArgs {
  @Field(() => UserFilter, { nullable: true, description: 'Which users; all without it.' })
  filter?: UserFilter | null;
}
