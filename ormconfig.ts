import 'reflect-metadata';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Accounts1764000000000 } from './migrations/1764000000000-accounts.ts';
import { AuditAndMail1764000000001 } from './migrations/1764000000001-audit-and-mail.ts';
import { Devices1764000000002 } from './migrations/1764000000002-devices.ts';
import { CleanUp1764000000003 } from './migrations/1764000000003-clean-up.ts';
import { PagesOfUsers1764000000010 } from './migrations/1764000000010-pages-of-users.ts';
import { SigningKeyEpoch1764000000020 } from './migrations/1764000000020-signing-key-epoch.ts';
import { Nodes1764000000021 } from './migrations/1764000000021-nodes.ts';
import { DataKeyGenerations1764000000022 } from './migrations/1764000000022-data-key-generations.ts';
import { AuditChain1764000000030 } from './migrations/1764000000030-audit-chain.ts';
import { Erasures1764000000040 } from './migrations/1764000000040-erasures.ts';
import { UnverifiedAccounts1764000000041 } from './migrations/1764000000041-unverified-accounts.ts';
import { AuditPages1764000000042 } from './migrations/1764000000042-audit-pages.ts';
import { AuditPositionEntity, AuditSealEntity, AuditUnsealedEntity } from './src/audit/audit-chain.entity.ts';
import { AuditEventEntity } from './src/audit/audit-event.entity.ts';
import { AuditKeyEntity } from './src/audit/audit-key.entity.ts';
import { AuditRetentionEntity, AuditTombstoneEntity } from './src/audit/audit-retention.entity.ts';
import { DayKeyEntity } from './src/audit/day-key.entity.ts';
import { NodeEntity } from './src/keys/node.entity.ts';
import { MailEntity } from './src/mail/mail.entity.ts';
import { ErasureEntity } from './src/personal-data/erasure.entity.ts';
import { RoleEntity, UserRoleEntity } from './src/roles/role.entity.ts';
import { DeviceEntity } from './src/sessions/device.entity.ts';
import { SessionEntity } from './src/sessions/session.entity.ts';
import { SigningKeyEntity, SigningKeyEpochEntity } from './src/sessions/signing-key.entity.ts';
import { AddressJobEntity } from './src/users/address-job.entity.ts';
import { DataKeyEntity } from './src/users/data-key.entity.ts';
import { EmailIndexEntity } from './src/users/email-index.entity.ts';
import { OneTimeTokenEntity } from './src/users/one-time-token.entity.ts';
import { ProfileEntity } from './src/users/profile.entity.ts';
import { UserEntity } from './src/users/user.entity.ts';

/** What the server and TypeORM's command line share: every table, and every migration in its order. */
export const dataSourceOptions = {
  type: 'postgres',
  // Given, so that TypeORM looks for no second copy.
  driver: pg,
  entities: [
    UserEntity,
    EmailIndexEntity,
    DataKeyEntity,
    ProfileEntity,
    OneTimeTokenEntity,
    AddressJobEntity,
    RoleEntity,
    UserRoleEntity,
    SessionEntity,
    DeviceEntity,
    SigningKeyEntity,
    SigningKeyEpochEntity,
    AuditEventEntity,
    AuditUnsealedEntity,
    AuditSealEntity,
    AuditPositionEntity,
    AuditKeyEntity,
    AuditTombstoneEntity,
    AuditRetentionEntity,
    DayKeyEntity,
    MailEntity,
    ErasureEntity,
    NodeEntity,
  ],
  migrations: [
    Accounts1764000000000,
    AuditAndMail1764000000001,
    Devices1764000000002,
    CleanUp1764000000003,
    PagesOfUsers1764000000010,
    SigningKeyEpoch1764000000020,
    Nodes1764000000021,
    DataKeyGenerations1764000000022,
    AuditChain1764000000030,
    Erasures1764000000040,
    UnverifiedAccounts1764000000041,
    AuditPages1764000000042,
  ],
  migrationsTableName: 'migrations',
  migrationsTransactionMode: 'each',
  synchronize: false,
  logging: false,
} as const satisfies DataSourceOptions;

/** For `npm run typeorm`: the owner's connection. */
export default new DataSource({
  ...dataSourceOptions,
  url: process.env['MIGRATION_DATABASE_URL'] ?? process.env['DATABASE_URL'] ?? '',
});
