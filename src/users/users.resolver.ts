import { Arg, Args, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { mapNodes } from '../platform/pages.ts';
import type { ViewerWithUser } from './profile.service.ts';
import { User } from './user.type.ts';
import { UserConnection } from './user-connection.type.ts';
import { UsersArgs } from './user-filter.input.ts';
import type { UserReadingService } from './user-reading.service.ts';

/** Other people, for whom may read them. */
@Resolver()
export class UsersResolver {
  readonly #reading: UserReadingService;
  readonly #dataKeys: DataKeys;

  constructor(parts: { reading: UserReadingService; dataKeys: DataKeys }) {
    this.#reading = parts.reading;
    this.#dataKeys = parts.dataKeys;
  }

  @Query(() => User, {
    nullable: true,
    description:
      'One user. Oneself, or anyone for holders of USERS_READ. Unknown and forbidden look the same: null, without an error.',
  })
  async user(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('id', () => ID, { description: 'Which user.' }) id: string,
  ): Promise<User | null> {
    const user = await this.#reading.find(context, id);
    return user ? new User(user, this.#dataKeys) : null;
  }

  @Query(() => UserConnection, { nullable: true, description: 'Users, newest first, in pages. Needs USERS_READ.' })
  async users(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Args(() => UsersArgs) args: UsersArgs,
  ): Promise<UserConnection> {
    return mapNodes(await this.#reading.list(context, args), (user) => new User(user, this.#dataKeys));
  }
}
