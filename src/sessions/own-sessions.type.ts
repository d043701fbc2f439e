import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { SessionId } from '../platform/ids.ts';
import { User } from '../users/user.type.ts';

@ObjectType({ description: 'An access token for another service.' })
export class ServiceToken {
  @Field(() => String, { description: "A signed JWT, whose audience is that service. Verified by this server's JWKS." })
  readonly accessToken!: string;

  @Field(() => String, { description: 'Always Bearer.' })
  readonly tokenType!: string;

  @Field(() => Int, { description: 'Seconds until it expires.' })
  readonly expiresIn!: number;
}

@ObjectType({ description: 'What was ended.' })
export class RevokeSessionPayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly revoked!: boolean;

  @Field(() => ID, { nullable: true, description: 'The session that was ended.' })
  readonly revokedSessionId!: SessionId | null;

  @Field(() => User, { nullable: true, description: 'Whose it was.' })
  readonly user!: User | null;
}

@ObjectType({ description: 'What was ended.' })
export class RevokeOtherSessionsPayload {
  @Field(() => Int, { description: 'How many sessions were ended.' })
  readonly revokedCount!: number;

  @Field(() => [ID], { description: 'The sessions that were ended.' })
  readonly revokedSessionIds!: readonly SessionId[];

  @Field(() => User, { nullable: true, description: 'Whose they were.' })
  readonly user!: User | null;
}
