import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Permission } from '../access/permissions.ts';
import type { DataKeys } from '../crypto/data-keys.ts';
import type { SealingKey } from '../crypto/keyring.ts';
import { open } from '../crypto/sealed.ts';
import { DateTimeScalar } from '../graphql/scalars/date-time.ts';
import { EmailAddressScalar } from '../graphql/scalars/email-address.ts';
import type { UserId } from '../platform/ids.ts';
import { permissionsOf } from '../roles/role.record.ts';
import { PermissionEnum, Role } from '../roles/role.type.ts';
import { Profile } from './profile.type.ts';
import { USER_STATUSES, type UserStatus } from './user.entity.ts';
import type { UserRecord } from './user.record.ts';

export const UserStatusEnum = Object.fromEntries(USER_STATUSES.map((name) => [name, name])) as { [S in UserStatus]: S };
registerEnumType(UserStatusEnum, {
  name: 'UserStatus',
  description: 'Where an account stands.',
  valuesConfig: {
    PENDING: { description: 'Registered or created; the address is not verified yet.' },
    ACTIVE: { description: 'In use.' },
    DISABLED: { description: 'Shut by an administrator: no login and no session.' },
    ERASED: { description: 'All personal values are gone for good; only the id is left.' },
  },
});

@ObjectType('User', { description: 'A person with an account.' })
export class User {
  readonly #record: UserRecord;
  readonly #dataKeys: DataKeys;
  #key: SealingKey | undefined;

  @Field(() => ID, { description: 'Opaque, unique over all types.' })
  readonly id: UserId;

  @Field(() => UserStatusEnum, { description: 'Where the account stands.' })
  readonly status: UserStatus;

  @Field(() => DateTimeScalar, { description: 'When the account was made.' })
  readonly createdAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the user last logged in.' })
  readonly lastLoginAt: Date | null;

  constructor(record: UserRecord, dataKeys: DataKeys) {
    this.#record = record;
    this.#dataKeys = dataKeys;
    this.id = record.id;
    this.status = record.status;
    this.createdAt = record.createdAt;
    this.lastLoginAt = record.lastLoginAt;
  }

  @Field(() => EmailAddressScalar, { nullable: true, description: 'Self, or USERS_READ. Null once erased.' })
  get email(): string | null {
    const { email, id } = this.#record;
    const key = email && this.key();
    return key ? open(key, { table: 'users', column: 'email', rowId: id }, email) : null;
  }

  @Field(() => Boolean, { description: 'Whether the address was proved to be theirs.' })
  get emailVerified(): boolean {
    return this.#record.emailVerifiedAt !== null;
  }

  @Field(() => [Role], { description: 'The roles that the user holds, by name.' })
  get roles(): Role[] {
    return this.#record.roles.map((role) => new Role(role));
  }

  @Field(() => [PermissionEnum], { description: 'All that their roles allow.' })
  get permissions(): Permission[] {
    return [...permissionsOf(this.#record.roles)];
  }

  @Field(() => Profile, { description: 'What the user says of themselves.' })
  get profile(): Profile {
    return new Profile(this.#record, () => this.key());
  }

  /** The person's data key, unwrapped when the first sealed value is asked for; undefined once it is gone. */
  key(): SealingKey | undefined {
    const { dataKey } = this.#record;
    if (dataKey !== null) this.#key ??= this.#dataKeys.unwrap(dataKey);
    return this.#key;
  }
}
