import { ArgsType, Field, ID, InputType } from 'type-graphql';
import type { AuditOutcome } from '../audit/event-types.ts';
import { Limits } from '../graphql/input-limits.ts';
import { PageArgs } from '../graphql/pages.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { AuditOutcomeEnum } from './audit-event.type.ts';

@InputType({ description: 'Which events. All that is given must hold; null is the same as left out.' })
export class AuditEventFilter {
  @Field(() => [String], { nullable: true, description: 'Of one of these types. One that there is not is refused.' })
  types?: string[] | null;

  @Field(() => AuditOutcomeEnum, { nullable: true, description: 'That ended like this.' })
  outcome?: AuditOutcome | null;

  @Field(() => ID, { nullable: true, description: 'Done by this actor.' })
  @Limits({ max: 128 })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Done to this person or thing.' })
  @Limits({ max: 128 })
  subjectId?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Later than this.' })
  after?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Earlier than this.' })
  before?: Date | null;
}

@ArgsType()
export class AuditEventsArgs extends PageArgs {
  @Field(() => AuditEventFilter, { nullable: true, description: 'Which events; all without it.' })
  filter?: AuditEventFilter | null;
}
