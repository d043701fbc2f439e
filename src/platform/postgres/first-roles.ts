import type { Passwords } from './passwords.ts';

/** Base64url has no quote in it; anything else has no business here. */
function quoted(password: string): string {
  if (!/^[\w-]+$/.test(password)) throw new TypeError('A password of the embedded database must be base64url');
  return `'${password}'`;
}

/**
 * What a new cluster is told before it listens: the superuser's password; an owner, who migrates and is no superuser; the
 * server's role, which may only connect until a migration grants more; and the database. PostgreSQL's single-user mode
 * (`-j`) ends a statement at an empty line.
 */
export function firstRoles(passwords: Passwords): string {
  const statements = [
    `ALTER ROLE gatehouse_admin PASSWORD ${quoted(passwords.admin)}`,
    `CREATE ROLE gatehouse_owner LOGIN PASSWORD ${quoted(passwords.owner)}`,
    `CREATE ROLE gatehouse_server LOGIN PASSWORD ${quoted(passwords.server)}`,
    'CREATE DATABASE gatehouse OWNER gatehouse_owner',
    'REVOKE ALL ON DATABASE gatehouse, postgres, template1 FROM PUBLIC',
    'GRANT CONNECT ON DATABASE gatehouse TO gatehouse_server',
  ];
  return statements.map((statement) => `${statement};\n\n`).join('');
}
