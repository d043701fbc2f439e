import { Field, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { JsonObjectScalar } from '../graphql/scalars/json-object.ts';
import { User } from '../users/user.type.ts';

@ObjectType({ description: 'What became of the account.' })
export class EraseMePayload {
  @Field(() => Boolean, { description: 'Always true: anything else is an error.' })
  readonly erased!: boolean;
}

@ObjectType({ description: 'A copy of all that is stored about the person.' })
export class ExportMyDataPayload {
  @Field(() => DateTimeScalar, { description: 'When the copy was made.' })
  readonly exportedAt!: Date;

  @Field(() => JsonObjectScalar, {
    description: 'Described in docs/personal-data.md; `format` is raised when a member changes its meaning or leaves.',
  })
  readonly data!: object;
}

@ObjectType({ description: 'What is left of the user.' })
export class EraseUserPayload {
  @Field(() => User, { nullable: true, description: 'The user without any value: an id, with status ERASED.' })
  readonly user!: User | null;
}
