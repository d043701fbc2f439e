// `npm run audit`: asks the registry for known vulnerabilities of what production installs, and for signatures of what is
// installed. Exit code 0: asked, and nothing found; 1: something was found; 2: the registry did not answer, so nothing is known.
import { spawnSync } from 'node:child_process';

const QUESTIONS = [
  {
    says: 'known vulnerabilities',
    words: ['audit', '--omit=dev', '--json'],
    wasAnswered: ({ metadata }) => metadata?.vulnerabilities !== undefined,
    find: ({ vulnerabilities }) =>
      Object.values(vulnerabilities ?? {}).map(({ name, severity }) => `${name}: ${severity}`),
  },
  {
    says: 'signatures',
    words: ['audit', 'signatures', '--json'],
    wasAnswered: ({ invalid, missing }) => Array.isArray(invalid) && Array.isArray(missing),
    find: ({ invalid, missing }) => [
      ...invalid.map(({ name }) => `${name}: signature does not hold`),
      ...missing.map(({ name }) => `${name}: no signature`),
    ],
  },
];

const toJson = (text) => {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
};

const codes = QUESTIONS.map(({ says, words, wasAnswered, find }) => {
  const { stdout, stderr, error } = spawnSync('npm', words, { encoding: 'utf8', timeout: 120_000 });
  const answer = toJson(stdout ?? '');
  if (!wasAnswered(answer)) {
    const why = answer.message ?? answer.error?.summary ?? error?.message ?? stderr?.trim().split('\n').at(-1);
    console.log(`NOT ASKED: ${says}. The registry did not answer (${why || 'no reason given'}): nothing is known.`);
    return 2;
  }
  const found = find(answer);
  console.log(found.length === 0 ? `ok: ${says}, nothing found` : `FOUND: ${says}\n  ${found.join('\n  ')}`);
  return found.length === 0 ? 0 : 1;
});
process.exit(codes.includes(1) ? 1 : Math.max(...codes));
