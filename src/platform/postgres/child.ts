import type { Account } from './account.ts';

/** What every child process gets: another user where there is one, and an environment without this process's secrets. */
export interface ChildOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * TZ and LC_ALL keep the machine's time zone and language out of the cluster and its messages; initdb needs PATH to find a
 * system tool.
 */
export function childOptions(account: Account | undefined): ChildOptions {
  return { env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' }, ...account };
}
