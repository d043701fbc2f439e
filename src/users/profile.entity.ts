import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { type Sealed, sealedTransformer } from '../crypto/sealed.ts';
import type { UserId } from '../platform/ids.ts';
import type { PostalAddress } from './profile.fields.ts';
import { UserEntity } from './user.entity.ts';

const sealedText = { nullable: true, transformer: sealedTransformer } as const;

/** Each value in a sealed column of its own, so that reading one opens no other. */
@Entity('profiles')
export class ProfileEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'profiles_pkey' })
  @ForeignKey(() => UserEntity, { name: 'profiles_user_id_fkey', onDelete: 'CASCADE' })
  userId!: UserId;

  @Column('bytea', { name: 'display_name', ...sealedText })
  displayName!: Sealed<string> | null;

  @Column('bytea', { name: 'given_name', ...sealedText })
  givenName!: Sealed<string> | null;

  @Column('bytea', { name: 'family_name', ...sealedText })
  familyName!: Sealed<string> | null;

  @Column('bytea', sealedText)
  bio!: Sealed<string> | null;

  @Column('bytea', sealedText)
  phone!: Sealed<string> | null;

  @Column('bytea', { name: 'birth_date', ...sealedText })
  birthDate!: Sealed<string> | null;

  @Column('bytea', sealedText)
  address!: Sealed<PostalAddress> | null;

  @Column('bytea', { name: 'avatar_url', ...sealedText })
  avatarUrl!: Sealed<string> | null;

  @Column('bytea', sealedText)
  locale!: Sealed<string> | null;

  @Column('bytea', { name: 'time_zone', ...sealedText })
  timeZone!: Sealed<string> | null;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, nullable: true })
  updatedAt!: Date | null;
}
