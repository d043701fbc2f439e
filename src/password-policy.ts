import { join } from 'node:path';
import type { Config } from './config.ts';
import type { JudgePassword } from './graphql/input-problems.ts';
import { parseEmailAddress } from './platform/email-address.ts';
import { PACKAGE_FOLDER } from './platform/package-folder.ts';
import { CommonPasswords } from './users/common-passwords.ts';
import { PasswordPolicy } from './users/password-policy.ts';

/** The policy of the settings, with the list of common passwords that the build made. */
export async function readPasswordPolicy({ passwords, publicUrl, appUrl }: Config): Promise<PasswordPolicy> {
  const contextWords = [...new Set([publicUrl, appUrl].map((url) => new URL(url).hostname))];
  const common = await CommonPasswords.read(join(PACKAGE_FOLDER, 'dist/common-passwords.bin'));
  return new PasswordPolicy({ minLength: passwords.minLength, contextWords }, common);
}

/** Judges a new password with what else the input says of the person: `email`, and the names of a `profile`. */
export const judgeBy =
  (policy: PasswordPolicy): JudgePassword =>
  (password, { email, profile }) => {
    const said = typeof profile === 'object' && profile !== null ? Object.entries(profile) : [];
    const names = said.flatMap(([field, value]) => (/name$/i.test(field) && typeof value === 'string' ? [value] : []));
    const address = typeof email === 'string' ? parseEmailAddress(email)?.canonical : undefined;
    return policy.judge(password, { address, names });
  };
