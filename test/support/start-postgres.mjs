import { makeCommonPasswords } from '../../src/users/make-common-passwords.mjs';
import { linkPackages } from './realm/link-packages.mjs';
import './typescript.js';

// Jest loads this file by plain Node, outside its own transforms: hence .mjs, and the sources through a hook.
export default async function () {
  const names = new Set(Reflect.ownKeys(globalThis));
  // The server reads it, and tests run from sources: nobody need have built before.
  await makeCommonPasswords();
  process.env['TEST_LINKED_PACKAGES'] = await linkPackages();
  const { startTestPostgres } = await import('./test-postgres.ts');
  await startTestPostgres();
  // With `--runInBand` test files get this global object's properties, and typeorm keeps its entities there.
  for (const name of Reflect.ownKeys(globalThis)) if (!names.has(name)) Reflect.deleteProperty(globalThis, name);
}
