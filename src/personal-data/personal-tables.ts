/** What becomes of a table's rows about one person. */
interface PersonalTable {
  /** The member of the export that shows them, or null with the reason. */
  readonly exportedAs: string | null;
  readonly because?: string;
  /** What erasure does with them, for the docs. */
  readonly erased: string;
}

/**
 * Every table that holds something about a person, whether a foreign key says so or not. A table that is added without a line
 * fails a test: nobody's data is forgotten in an export or an erasure. docs/personal-data.md shows it.
 */
export const PERSONAL_TABLES: Readonly<Record<string, PersonalTable>> = {
  users: { exportedAs: 'user', erased: 'The row stays with status ERASED; address, password and times of logins go.' },
  profiles: { exportedAs: 'profile', erased: 'Deleted.' },
  user_roles: { exportedAs: 'roles', erased: 'Deleted.' },
  sessions: { exportedAs: 'sessions', erased: 'Deleted, which ends them.' },
  devices: { exportedAs: 'devices', erased: 'Deleted, which voids the device tokens.' },
  one_time_tokens: { exportedAs: 'mailedTokens', erased: 'Deleted, which voids the tokens.' },
  mails: { exportedAs: 'waitingMails', erased: 'Deleted unsent.' },
  audit_events: {
    exportedAs: 'auditEvents',
    erased: 'The events stay; what is personal in them was sealed under the data key, and opens no more.',
  },
  data_keys: { exportedAs: null, because: 'A key, no data.', erased: 'Deleted: nothing sealed under it opens again.' },
  email_indexes: {
    exportedAs: null,
    because: 'A keyed hash of the address, which the export shows.',
    erased: 'Deleted: the address is free again.',
  },
  address_jobs: {
    exportedAs: null,
    because: 'Work on a typed address, done within seconds; whose it is, is looked up then.',
    erased: 'Done within seconds; afterwards they find nobody.',
  },
};
