import './typescript.js';

export default async function () {
  const { stopTestPostgres } = await import('./test-postgres.ts');
  await stopTestPostgres();
}
