import { Field, InputType } from 'type-graphql';
import { Limits } from '../graphql/input-limits.ts';
import { LocalDateScalar } from '../graphql/scalars/local-date.ts';
import { LocaleScalar } from '../graphql/scalars/locale.ts';
import { PhoneNumberScalar } from '../graphql/scalars/phone-number.ts';
import { TimeZoneScalar } from '../graphql/scalars/time-zone.ts';
import { UrlScalar } from '../graphql/scalars/url.ts';
import type { ProfileChange } from './profile.fields.ts';

const NAME = { maxLength: 100 };
const ADDRESS_PART = { maxLength: 100 };

@InputType({ description: 'An address as an envelope shows it.' })
export class PostalAddressInput {
  @Field(() => [String], {
    description: 'Street and number, or whatever stands above the locality; one to five lines.',
  })
  @Limits({ minItems: 1, maxItems: 5, maxLength: 100, notBlank: true })
  lines!: string[];

  @Field(() => String, { nullable: true, description: 'City, town or village; 100 characters at most.' })
  @Limits(ADDRESS_PART)
  locality?: string | null;

  @Field(() => String, { nullable: true, description: 'State, province or canton; 100 characters at most.' })
  @Limits(ADDRESS_PART)
  region?: string | null;

  @Field(() => String, { nullable: true, description: 'Postal code; 20 characters at most.' })
  @Limits({ maxLength: 20 })
  postalCode?: string | null;

  @Field(() => String, { nullable: true, description: 'Country; 100 characters at most.' })
  @Limits(ADDRESS_PART)
  country?: string | null;
}

@InputType({ description: 'A field left out stays as it is; null clears it.' })
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: 'What others call the user; 100 characters at most.' })
  @Limits(NAME)
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'Given name or names; 100 characters at most.' })
  @Limits(NAME)
  givenName?: string | null;

  @Field(() => String, { nullable: true, description: 'Family name; 100 characters at most.' })
  @Limits(NAME)
  familyName?: string | null;

  @Field(() => String, { nullable: true, description: 'A few words about the user; 2,000 characters at most.' })
  @Limits({ maxLength: 2_000, multiline: true })
  bio?: string | null;

  @Field(() => PhoneNumberScalar, { nullable: true, description: 'Phone number.' })
  phone?: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'Date of birth.' })
  birthDate?: string | null;

  @Field(() => PostalAddressInput, { nullable: true, description: 'Postal address; replaced as a whole.' })
  address?: PostalAddressInput | null;

  @Field(() => UrlScalar, { nullable: true, description: 'A picture of the user.' })
  avatarUrl?: string | null;

  @Field(() => LocaleScalar, {
    nullable: true,
    description: 'The language of mails, and of the front end if it likes.',
  })
  locale?: string | null;

  @Field(() => TimeZoneScalar, { nullable: true, description: 'Where the user keeps time.' })
  timeZone?: string | null;
}

/** What the input asks for, with every part of an address said. */
export function toProfileChange({ address, ...rest }: UpdateProfileInput): ProfileChange {
  if (address === undefined || address === null) return address === undefined ? rest : { ...rest, address };
  const { lines, locality = null, region = null, postalCode = null, country = null } = address;
  return { ...rest, address: { lines, locality, region, postalCode, country } };
}
