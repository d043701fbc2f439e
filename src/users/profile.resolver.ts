import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../access/request-context.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import { toProfileChange, UpdateProfileInput } from './profile.input.ts';
import type { ProfileService, ViewerWithUser } from './profile.service.ts';
import { User } from './user.type.ts';

@ObjectType({ description: 'The user after the change.' })
class UpdateProfilePayload {
  @Field(() => User, { nullable: true, description: 'The user after the change.' })
  readonly user!: User | null;
}

/** What people read and change of themselves. */
@Resolver()
export class ProfileResolver {
  readonly #profiles: ProfileService;
  readonly #dataKeys: DataKeys;

  constructor(parts: { profiles: ProfileService; dataKeys: DataKeys }) {
    this.#profiles = parts.profiles;
    this.#dataKeys = parts.dataKeys;
  }

  @Query(() => User, {
    nullable: true,
    description: 'The logged-in user, or null when the request carries no credentials.',
  })
  async me(@Ctx() context: RequestContext<ViewerWithUser>): Promise<User | null> {
    const viewer = await context.findViewer();
    return viewer ? new User(viewer.user, this.#dataKeys) : null;
  }

  @Mutation(() => UpdateProfilePayload, { nullable: true, description: "Changes the logged-in user's profile." })
  async updateProfile(
    @Ctx() context: RequestContext<ViewerWithUser>,
    @Arg('input', () => UpdateProfileInput) input: UpdateProfileInput,
  ): Promise<UpdateProfilePayload> {
    const user = await this.#profiles.update(context, toProfileChange(input));
    return { user: new User(user, this.#dataKeys) };
  }
}
