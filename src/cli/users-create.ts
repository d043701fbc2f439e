import { type Config, loadConfig } from '../config.ts';
import { PasswordHasher } from '../crypto/password-hasher.ts';
import { type Foundation, openFoundation } from '../foundation.ts';
import { readPasswordPolicy } from '../password-policy.ts';
import { type EmailAddress, parseEmailAddress } from '../platform/email-address.ts';
import { inTransaction, isUniqueViolation } from '../platform/transaction.ts';
import { lockPower } from '../roles/power.repository.ts';
import { findRolesByName } from '../roles/roles.repository.ts';
import { ADDRESS_TAKEN } from '../users/user-creation.repository.ts';
import { UserCreation } from '../users/user-creation.ts';
import { type Command, UsageError } from './command.ts';
import { OPERATOR } from './operator.ts';
import { readPassword } from './read-password.ts';
import { parseOptions, required } from './words.ts';

export const usersCreateCommand: Command = {
  name: 'users create',
  summary: 'Make a user: active, verified, with roles.',
  help: `Usage: gatehouse users create --email ADDRESS [--role NAME …] [--password-stdin]

Makes an ACTIVE user with a verified address, and asks for the password. Works beside a running server.

  --email ADDRESS    the address that the user logs in with
  --role NAME        a role besides "user"; may be given more than once. "gatehouse roles list" has them
  --password-stdin   read the password from standard input instead of asking

  gatehouse users create --email ada@example.com --role admin`,

  async run(words, terminal) {
    const { address, roles, fromStdin } = parseWords(words);
    const config = loadConfig(terminal.env, terminal.facts);
    const policy = await readPasswordPolicy(config);
    const password = await readPassword(terminal, fromStdin);
    const refusal = policy.judge(password, { address: address.canonical, names: [] });
    if (refusal) throw new Error(refusal.message);
    const foundation = await openFoundation(config);
    try {
      await createUser(config, foundation, { address, roles, password });
    } finally {
      await foundation.close();
    }
    terminal.print(`Made ${address.text} with the roles ${roles.join(', ')}.`);
    return 0;
  },
};

interface Wanted {
  readonly address: EmailAddress;
  readonly roles: readonly string[];
}

function parseWords(words: readonly string[]): Wanted & { readonly fromStdin: boolean } {
  const values = parseOptions(words, {
    email: { type: 'string' },
    role: { type: 'string', multiple: true },
    'password-stdin': { type: 'boolean' },
  });
  const address = parseEmailAddress(required(values.email, 'email'));
  if (!address) throw new UsageError('--email must be an e-mail address.');
  const roles = [...new Set(['user', ...(values.role ?? [])])];
  return { address, roles, fromStdin: values['password-stdin'] ?? false };
}

/** The user and the event that tells of it, or neither. */
async function createUser(
  config: Config,
  { database, audit, keyring, dataKeys, clock, random }: Foundation,
  { address, roles, password }: Wanted & { readonly password: string },
): Promise<void> {
  const passwordHash = await new PasswordHasher(config.passwords, random).hash(password, 'known');
  const creation = new UserCreation({ keyring, dataKeys, clock, random });
  try {
    await inTransaction(database, async (tx) => {
      // So that no role is deleted between here and the end.
      await lockPower(tx, 'use');
      const found = await findRolesByName(tx, roles);
      const unknown = roles.filter((name) => !found.some((role) => role.name === name));
      if (unknown.length > 0) throw new UsageError(`There is no role ${unknown.join(', ')}: see gatehouse roles list.`);
      const { id } = await creation.create(tx, {
        address: address.text,
        passwordHash,
        profile: {},
        origin: 'OPERATOR',
        status: 'ACTIVE',
        roles,
      });
      await audit.record(tx, {
        type: 'user.created',
        by: OPERATOR,
        subjectId: id,
        details: { roles: found.map((role) => role.id), verified: true },
      });
    });
  } catch (error) {
    if (isUniqueViolation(error, ADDRESS_TAKEN)) throw new Error(`${address.text} has an account already.`);
    throw error;
  }
}
