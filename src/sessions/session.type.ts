import { Field, ID, ObjectType } from 'type-graphql';
import type { SealingKey } from '../crypto/keyring.ts';
import { open } from '../crypto/sealed.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import type { SessionId } from '../platform/ids.ts';
import { deviceName } from './device-name.ts';
import { sessionPlace } from './session.places.ts';
import type { SessionRecord } from './session.record.ts';

@ObjectType('Session', { description: 'One login and what has come of it, until it is ended or runs out.' })
export class Session {
  readonly #record: SessionRecord;
  readonly #key: () => SealingKey | undefined;

  @Field(() => ID, { description: 'Opaque, unique over all types.' })
  readonly id: SessionId;

  @Field(() => Boolean, { description: 'Whether it is the session of this very request.' })
  readonly current: boolean;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  readonly createdAt: Date;

  @Field(() => DateTimeScalar, { description: 'When it was last used, to the minute.' })
  readonly lastSeenAt: Date;

  @Field(() => DateTimeScalar, { description: 'When it ends unless it is used before.' })
  readonly expiresAt: Date;

  @Field(() => DateTimeScalar, { description: 'When the user last proved who they are.' })
  readonly authenticatedAt: Date;

  /** `key` unwraps the owner's data key when a sealed value is asked for, and answers undefined once it is gone. */
  constructor(record: SessionRecord, current: boolean, key: () => SealingKey | undefined) {
    this.#record = record;
    this.#key = key;
    this.id = record.id;
    this.current = current;
    this.createdAt = record.createdAt;
    this.lastSeenAt = record.lastSeenAt;
    this.expiresAt = record.expiresAt;
    this.authenticatedAt = record.authenticatedAt;
  }

  @Field(() => Boolean, { description: 'Whether a second factor or a passkey was part of the login.' })
  get secondFactor(): boolean {
    return this.#record.factors.includes('mfa');
  }

  @Field(() => String, { nullable: true, description: 'The address it began from.' })
  get ip(): string | null {
    return this.#open('ip');
  }

  @Field(() => String, { nullable: true, description: 'The User-Agent header it began with.' })
  get userAgent(): string | null {
    return this.#open('userAgent');
  }

  @Field(() => String, { nullable: true, description: 'Firefox on Windows, Example 3.1 on iPhone.' })
  get deviceName(): string | null {
    return deviceName(this.userAgent);
  }

  #open(field: 'ip' | 'userAgent'): string | null {
    const sealed = this.#record[field];
    const key = sealed && this.#key();
    return key ? open(key, sessionPlace(this.id, field), sealed) : null;
  }
}
