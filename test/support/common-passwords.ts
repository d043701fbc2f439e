import { CommonPasswords } from '../../src/users/common-passwords.ts';
import { COMMON_PASSWORDS_PATH, makeCommonPasswords } from '../../src/users/make-common-passwords.mjs';

/** The list as it ships, made first where it is absent or older than what it is made from. */
export async function shippedCommonPasswords(): Promise<CommonPasswords> {
  await makeCommonPasswords();
  return CommonPasswords.read(COMMON_PASSWORDS_PATH);
}
