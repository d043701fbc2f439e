import './typescript.js';

// Jest loads this file by plain Node, outside its own transforms: hence .mjs, and the sources through a hook.
export default async function () {
  const { startTestPostgres } = await import('./test-postgres.ts');
  await startTestPostgres();
}
