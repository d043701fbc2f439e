import { Field, ObjectType } from 'type-graphql';
import type { SealingKey } from '../crypto/keyring.ts';
import { open, type Sealed } from '../crypto/sealed.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { LocalDateScalar } from '../graphql/scalars/local-date.ts';
import { LocaleScalar } from '../graphql/scalars/locale.ts';
import { PhoneNumberScalar } from '../graphql/scalars/phone-number.ts';
import { TimeZoneScalar } from '../graphql/scalars/time-zone.ts';
import { UrlScalar } from '../graphql/scalars/url.ts';
import type { UserId } from '../platform/ids.ts';
import type { ProfileField, ProfileValues } from './profile.fields.ts';
import { profilePlace } from './profile.sealing.ts';
import type { UserRecord } from './user.record.ts';

@ObjectType('PostalAddress', { description: 'An address as an envelope shows it.' })
export class PostalAddress {
  @Field(() => [String], { description: 'Street and number, or whatever stands above the locality; up to five lines.' })
  readonly lines!: string[];

  @Field(() => String, { nullable: true, description: 'City, town or village.' })
  readonly locality!: string | null;

  @Field(() => String, { nullable: true, description: 'State, province or canton.' })
  readonly region!: string | null;

  @Field(() => String, { nullable: true, description: 'Postal code.' })
  readonly postalCode!: string | null;

  @Field(() => String, { nullable: true, description: 'Country, as typed.' })
  readonly country!: string | null;
}

@ObjectType('Profile', {
  description: 'Every value is encrypted at rest and readable by the user alone, or with USERS_READ.',
})
export class Profile {
  /** Whose it is: what the field rules compare with the viewer. */
  readonly userId: UserId;
  readonly #record: UserRecord['profile'];
  readonly #key: () => SealingKey | undefined;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last changed.' })
  readonly updatedAt: Date | null;

  constructor(user: UserRecord, key: () => SealingKey | undefined) {
    this.userId = user.id;
    this.#record = user.profile;
    this.#key = key;
    this.updatedAt = user.profile.updatedAt;
  }

  @Field(() => String, { nullable: true, description: 'What others call the user.' })
  get displayName(): string | null {
    return this.#open('displayName');
  }

  @Field(() => String, { nullable: true, description: 'Given name or names.' })
  get givenName(): string | null {
    return this.#open('givenName');
  }

  @Field(() => String, { nullable: true, description: 'Family name.' })
  get familyName(): string | null {
    return this.#open('familyName');
  }

  @Field(() => String, { nullable: true, description: 'A few words about the user.' })
  get bio(): string | null {
    return this.#open('bio');
  }

  @Field(() => PhoneNumberScalar, { nullable: true, description: 'Phone number.' })
  get phone(): string | null {
    return this.#open('phone');
  }

  @Field(() => LocalDateScalar, { nullable: true, description: 'Date of birth.' })
  get birthDate(): string | null {
    return this.#open('birthDate');
  }

  @Field(() => PostalAddress, { nullable: true, description: 'Postal address.' })
  get address(): PostalAddress | null {
    return this.#open('address');
  }

  @Field(() => UrlScalar, { nullable: true, description: 'A picture of the user.' })
  get avatarUrl(): string | null {
    return this.#open('avatarUrl');
  }

  @Field(() => LocaleScalar, {
    nullable: true,
    description: 'The language of mails, and of the front end if it likes.',
  })
  get locale(): string | null {
    return this.#open('locale');
  }

  @Field(() => TimeZoneScalar, { nullable: true, description: 'Where the user keeps time.' })
  get timeZone(): string | null {
    return this.#open('timeZone');
  }

  #open<F extends ProfileField>(field: F): ProfileValues[F] | null {
    const sealed = this.#record[field] as Sealed<ProfileValues[F]> | null;
    const key = sealed && this.#key();
    return key ? open(key, profilePlace(this.userId, field), sealed) : null;
  }
}
