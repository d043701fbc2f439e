import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ACTOR_KINDS, type ActorKind, AUDIT_OUTCOMES, type AuditOutcome } from '../audit/event-types.ts';
import { PageInfo } from '../graphql/pages.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { JsonObjectScalar } from '../graphql/scalars/json-object.ts';
import { User } from '../users/user.type.ts';
import type { ReadEvent } from './audit-reading.service.ts';

const enumOf = <N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [K in N]: K };

const ActorKindEnum = enumOf(ACTOR_KINDS);
registerEnumType(ActorKindEnum, {
  name: 'ActorKind',
  description: 'What kind of actor did something.',
  valuesConfig: {
    ANONYMOUS: { description: 'Somebody who was not logged in.' },
    USER: { description: 'A person with an account.' },
    SERVICE: { description: 'Another service.' },
    OPERATOR: { description: 'Whoever runs the server, by its command line.' },
    SYSTEM: { description: 'The server itself.' },
  },
});

export const AuditOutcomeEnum = enumOf(AUDIT_OUTCOMES);
registerEnumType(AuditOutcomeEnum, {
  name: 'AuditOutcome',
  description: 'How it ended.',
  valuesConfig: {
    SUCCESS: { description: 'Done.' },
    DENIED: { description: 'A rule or a limit refused it.' },
    FAILED: { description: 'It was tried and came to nothing.' },
  },
});

@ObjectType({ description: 'One thing that happened.' })
export class AuditEvent {
  readonly #event: ReadEvent;

  @Field(() => ID, { description: 'Opaque, unique over all types.' })
  readonly id: string;

  @Field(() => DateTimeScalar, { description: 'When it happened.' })
  readonly at: Date;

  @Field(() => String, {
    description: 'What happened, dotted and past tense: session.created, login.failed, role.assigned.',
  })
  readonly type: string;

  @Field(() => AuditOutcomeEnum, { description: 'How it ended.' })
  readonly outcome: AuditOutcome;

  @Field(() => ActorKindEnum, { description: 'What kind of actor did it.' })
  readonly actorKind: ActorKind;

  @Field(() => ID, {
    nullable: true,
    description: 'Stays after the actor was erased. Null for ANONYMOUS and SYSTEM.',
  })
  readonly actorId: string | null;

  @Field(() => User, {
    nullable: true,
    description: 'Where actorKind is USER; an erased one has status ERASED and no values.',
  })
  readonly actor: User | null;

  @Field(() => ID, { nullable: true, description: 'Whom or what it was done to.' })
  readonly subjectId: string | null;

  @Field(() => String, { nullable: true, description: 'The name that the client gave its operation.' })
  readonly operationName: string | null;

  @Field(() => String, { nullable: true, description: 'The request, as errors and the log name it.' })
  readonly requestId: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: "Null until the event's batch is sealed." })
  readonly sealedAt: Date | null;

  constructor(event: ReadEvent, actor: User | null) {
    this.#event = event;
    this.id = event.id;
    this.at = event.at;
    this.type = event.type;
    this.outcome = event.outcome;
    this.actorKind = event.actorKind;
    this.actorId = event.actorId;
    this.actor = actor;
    this.subjectId = event.subjectId;
    this.operationName = event.operationName;
    this.requestId = event.requestId;
    this.sealedAt = event.sealedAt;
  }

  @Field(() => String, {
    nullable: true,
    description: 'The address it came from; null once the key that sealed it is gone.',
  })
  get ip(): string | null {
    return this.#event.openOrigin()?.ip ?? null;
  }

  @Field(() => String, { nullable: true, description: 'What the client called itself; null as `ip` is.' })
  get userAgent(): string | null {
    return this.#event.openOrigin()?.userAgent ?? null;
  }

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: 'What its type tells besides; an address among it is for holders of USERS_READ and whom it is about.',
  })
  get details(): object | null {
    return this.#event.openDetails();
  }
}

@ObjectType({ description: 'An event in a list.' })
export class AuditEventEdge {
  @Field(() => String, { description: 'Where it stands: for `after`, with the same filter.' })
  readonly cursor!: string;

  @Field(() => AuditEvent, { description: 'The event.' })
  readonly node!: AuditEvent;
}

@ObjectType({ description: 'A page of the audit trail.' })
export class AuditEventConnection {
  @Field(() => [AuditEventEdge], { description: 'The events with their cursors.' })
  readonly edges!: readonly AuditEventEdge[];

  @Field(() => [AuditEvent], { description: 'The events alone.' })
  readonly nodes!: readonly AuditEvent[];

  @Field(() => PageInfo, { description: 'What comes before and after.' })
  readonly pageInfo!: PageInfo;
}

@ObjectType({ description: 'Whether the audit trail is what the servers wrote.' })
export class AuditIntegrity {
  @Field(() => Boolean, { description: 'Whether nothing is known to be wrong with it.' })
  readonly intact!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the whole trail was last verified.' })
  readonly verifiedAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'The newest signed head of the sealed chain, a compact JWS.',
  })
  readonly head!: string | null;

  @Field(() => Int, { description: 'How many events the sealed chain holds.' })
  readonly sealedEvents!: number;

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the first event found changed, missing or out of place.',
  })
  readonly firstBrokenId!: string | null;

  @Field(() => Boolean, {
    description: "The server's database role could change the trail (AUDIT_SINGLE_ROLE=accept).",
  })
  readonly singleRole!: boolean;
}
