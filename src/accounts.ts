import { hostname } from 'node:os';
import type { AuditQueue } from './audit/audit-queue.ts';
import { readIntegrity } from './audit/integrity.ts';
import { oldAuditBatches } from './audit/retention.ts';
import { AuditReadingService } from './auditing/audit-reading.service.ts';
import { AuditingResolver } from './auditing/auditing.resolver.ts';
import type { Config } from './config.ts';
import { AccessTokens } from './crypto/access-tokens.ts';
import { keyringPath } from './crypto/keyring-file.ts';
import { readKeyring } from './crypto/load-keyring.ts';
import { PageCursors } from './crypto/page-cursors.ts';
import { PasswordHasher } from './crypto/password-hasher.ts';
import { makeErasureUpkeep } from './erasures.ts';
import type { Foundation } from './foundation.ts';
import { refuseOlderIndex } from './keys/keyring-check.ts';
import { NodeRegistration } from './keys/node-registration.ts';
import type { MailTransport } from './mail/mail-transport.ts';
import { makeMails } from './mails.ts';
import { ErasureService } from './personal-data/erasure.service.ts';
import { ExportService } from './personal-data/export.service.ts';
import { PersonalDataResolver } from './personal-data/personal-data.resolver.ts';
import { CleanUp } from './platform/clean-up.ts';
import { errorFacts } from './platform/logger.ts';
import { RolesResolver } from './roles/roles.resolver.ts';
import { RolesService } from './roles/roles.service.ts';
import { Devices } from './sessions/devices.ts';
import { LoginService } from './sessions/login.service.ts';
import { LoginFailures } from './sessions/login-failures.ts';
import { LogoutService } from './sessions/logout.service.ts';
import { OwnSessionsResolver } from './sessions/own-sessions.resolver.ts';
import { OwnSessionsService } from './sessions/own-sessions.service.ts';
import { PasswordResetResolver } from './sessions/password-reset.resolver.ts';
import { ReauthenticationService } from './sessions/reauthentication.service.ts';
import { RefreshService } from './sessions/refresh.service.ts';
import { ServiceTokenService } from './sessions/service-token.service.ts';
import { endedDevices, endedSessions } from './sessions/session-clean-up.ts';
import { SessionCreation } from './sessions/session-creation.ts';
import { SessionEndings } from './sessions/session-ending.ts';
import { SessionReadingService } from './sessions/session-reading.service.ts';
import { SessionTokens } from './sessions/session-tokens.ts';
import { SessionsResolver } from './sessions/sessions.resolver.ts';
import { ViewedSessions } from './sessions/viewed-sessions.ts';
import { Viewers } from './sessions/viewers.ts';
import { makeSigningKeys } from './signing-keys.ts';
import { AddressJobs } from './users/address-jobs.ts';
import { AddressWork } from './users/address-work.ts';
import { HeldAdministration } from './users/administration.ts';
import { CredentialsResolver } from './users/credentials.resolver.ts';
import { EmailChangeService } from './users/email-change.service.ts';
import { EmailVerification } from './users/email-verification.ts';
import { endedMailTokens } from './users/mail-token-clean-up.ts';
import { NewPassword } from './users/new-password.ts';
import { OwnPassword } from './users/own-password.ts';
import { PasswordService } from './users/password.service.ts';
import { PasswordCheck } from './users/password-check.ts';
import type { PasswordPolicy } from './users/password-policy.ts';
import { PasswordResetService } from './users/password-reset.service.ts';
import { ProfileResolver } from './users/profile.resolver.ts';
import { ProfileService } from './users/profile.service.ts';
import { RegistrationResolver } from './users/registration.resolver.ts';
import { RegistrationService } from './users/registration.service.ts';
import { unverifiedAccounts } from './users/unverified-accounts.ts';
import { UserAdministrationResolver } from './users/user-administration.resolver.ts';
import { UserAdministrationService } from './users/user-administration.service.ts';
import { UserCreation } from './users/user-creation.ts';
import { UserInvitationService } from './users/user-invitation.service.ts';
import { UserReadingService } from './users/user-reading.service.ts';
import { countPasswordParameters } from './users/users.repository.ts';
import { UsersResolver } from './users/users.resolver.ts';

export interface AccountsParts {
  readonly config: Config;
  readonly foundation: Foundation;
  readonly transport: MailTransport;
  readonly auditQueue: AuditQueue;
  readonly policy: PasswordPolicy;
}

const UPKEEP_MS = 3_600_000;
/** How long an unwrapped data key may outlive its minute. */
const EXPIRY_MS = 5_000;
const CLEAN_UP_BATCH = 500;

/** The nouns, put together: users, sessions and mail, with the work that they do beside requests. */
export function makeAccounts({ config, foundation, transport, auditQueue, policy }: AccountsParts) {
  const { clock, random, logger, keyring, database, dataKeys, dayKeys, audit } = foundation;
  const life = config.sessions;

  const hasher = new PasswordHasher(config.passwords, random);
  const passwords = new PasswordCheck({ hasher, keyring });
  const { outbox, mailTokens, mails } = makeMails(config, foundation, transport);
  const creation = new UserCreation({ keyring, dataKeys, clock, random });
  const jobs = new AddressJobs({ database, dayKeys, clock, random, logger });
  const addressWork = new AddressWork({ audit, keyring, dataKeys, creation, mails });
  const registration = new RegistrationService({
    database,
    keyring,
    hasher,
    passwords,
    jobs,
    isOpen: config.registration === 'open',
  });
  const verification = new EmailVerification({ database, audit, dataKeys, jobs, tokens: mailTokens, mails, clock });
  const profiles = new ProfileService({ database, audit, dataKeys, clock, random });

  const cursors = new PageCursors(keyring);
  const reading = new UserReadingService({ database, audit, keyring, dataKeys, cursors, clock });

  const signingKeys = makeSigningKeys(config, foundation);
  const accessTokens = new AccessTokens({
    issuer: config.publicUrl,
    audience: config.tokenAudience,
    seconds: config.accessTokenSeconds,
    clock,
    random,
    keys: () => signingKeys.keySet,
  });
  const tokens = new SessionTokens({ accessTokens, dataKeys, clock });
  const devices = new Devices({ database, keyring, clock, random });
  const sessions = new SessionCreation({ database, audit, keyring, dataKeys, devices, tokens, clock, random, life });
  const failures = new LoginFailures({ recordLater: (event, cause) => auditQueue.recordLater(event, cause) });
  const login = new LoginService({ database, keyring, hasher, passwords, sessions, failures });
  const viewed = new ViewedSessions({ database, reads: foundation.reads });
  const refresh = new RefreshService({ database, sessions: viewed, audit, dataKeys, tokens, clock, life });
  const logout = new LogoutService({ database, audit, dataKeys, tokens, clock });
  const endings = new SessionEndings({ clock });
  const ownPassword = new OwnPassword({ database, passwords, dataKeys });
  const newPassword = new NewPassword({ keyring, dataKeys, hasher, passwords, ownPassword, policy, random });
  const passwordChanges = new PasswordService({
    database,
    audit,
    auditQueue,
    dataKeys,
    ownPassword,
    newPassword,
    endings,
    mails,
    clock,
  });
  const resets = new PasswordResetService({
    database,
    audit,
    dataKeys,
    jobs,
    tokens: mailTokens,
    newPassword,
    endings,
    devices,
    mails,
    clock,
  });
  const emailChanges = new EmailChangeService({
    database,
    audit,
    keyring,
    dataKeys,
    jobs,
    tokens: mailTokens,
    endings,
    mails,
    clock,
    random,
  });
  const reauthentication = new ReauthenticationService({
    database,
    audit,
    auditQueue,
    dataKeys,
    ownPassword,
    tokens,
    clock,
    random,
    life,
  });
  const { audiences } = config;
  const serviceTokens = new ServiceTokenService({ database, audit, dataKeys, tokens, clock, audiences });
  const ownSessions = new OwnSessionsService({ database, audit, dataKeys, endings, clock });
  const administration = new HeldAdministration({ dataKeys, clock });
  const roles = new RolesService({ database, audit, administration, clock, random });
  const invitations = new UserInvitationService({ database, audit, administration, keyring, creation, mails });
  const userAdministration = new UserAdministrationService({
    database,
    audit,
    administration,
    dataKeys,
    endings,
    mails,
    clock,
  });
  const sessionReading = new SessionReadingService({ database, audit, dataKeys, clock });
  const exports = new ExportService({ database, audit, dataKeys, dayKeys, outbox, clock });
  const erasureUpkeep = makeErasureUpkeep(config, foundation);
  const erasures = new ErasureService({
    database,
    audit,
    dataKeys,
    outbox,
    administration,
    clock,
    erased: () => erasureUpkeep.wake(),
  });
  const viewers = new Viewers({ database, sessions: viewed, clock, signingKeys });
  const keyringFile = keyringPath(config.keyring);
  const registered = new NodeRegistration({
    database,
    keyring,
    clock,
    random,
    logger,
    name: hostname(),
    rereadKeyring: keyringFile === undefined ? undefined : () => readKeyring(config.keyring),
  });

  const auditReading = new AuditReadingService({ database, audit, keyring, dataKeys, cursors, clock });
  const { retentionDays } = config.audit;
  const cleanUp = new CleanUp({
    database,
    clock,
    logger,
    jobs: [
      endedSessions(config.cleanUp.sessionsSeconds),
      endedDevices(config.cleanUp.devicesSeconds),
      endedMailTokens(config.cleanUp.mailTokensSeconds),
      unverifiedAccounts(audit, config.cleanUp.unverifiedSeconds),
      ...(retentionDays === undefined ? [] : [oldAuditBatches({ keyring, audit }, retentionDays)]),
    ],
    everySeconds: config.cleanUp.everySeconds,
    batch: CLEAN_UP_BATCH,
  });

  /** Decoys like the rest, the keys of today and tomorrow, and none that had their 30 days. Safe on any number of nodes. */
  const keepUp = async () => {
    await dayKeys.prepare(database.manager);
    await dayKeys.deleteExpired(database.manager);
    hasher.setDecoyParameters(await countPasswordParameters(database.manager));
  };
  const tryToKeepUp = () =>
    keepUp().catch((error: unknown) => logger.error('the hourly upkeep failed', errorFacts(error)));
  let upkeep: NodeJS.Timeout | undefined;
  let expiry: NodeJS.Timeout | undefined;

  return {
    accessTokens,
    devices,
    viewers,
    signingKeys,
    resolvers: [
      new RegistrationResolver({ registration, verification }),
      new CredentialsResolver({ verification, passwords: passwordChanges, resets, emailChanges, dataKeys }),
      new ProfileResolver({ profiles, dataKeys }),
      new UsersResolver({ reading, dataKeys }),
      new SessionsResolver({ login, refresh, logout }),
      new OwnSessionsResolver({ reauthentication, serviceTokens, ownSessions, reading: sessionReading, dataKeys }),
      new PasswordResetResolver({ resets }),
      new AuditingResolver({ reading: auditReading, readIntegrity: () => readIntegrity(foundation), dataKeys }),
      new PersonalDataResolver({ exports, erasures, dataKeys }),
      new UserAdministrationResolver({ invitations, administration: userAdministration, dataKeys }),
      new RolesResolver({ roles }),
    ],
    /** Reads what must be known before the first request, and starts the work beside requests. */
    start: async () => {
      await registered.start();
      // Once more, now that a rotation sees this server: one that did not is seen by it.
      await refuseOlderIndex(database.manager, keyring);
      await erasureUpkeep.reapply();
      await keepUp();
      await signingKeys.load();
      upkeep = setInterval(() => void tryToKeepUp(), UPKEEP_MS).unref();
      expiry = setInterval(() => dataKeys.dropExpired(), EXPIRY_MS).unref();
      erasureUpkeep.start();
      outbox.start();
      jobs.start(
        (tx, job) => addressWork.perform(tx, job),
        () => outbox.wake(),
      );
      cleanUp.start();
      signingKeys.start();
    },
    stop: async () => {
      clearInterval(upkeep);
      clearInterval(expiry);
      await registered.stop();
      await signingKeys.stop();
      await erasureUpkeep.stop();
      await cleanUp.stop();
      await jobs.stop();
      await outbox.stop();
    },
  };
}

export type Accounts = ReturnType<typeof makeAccounts>;
