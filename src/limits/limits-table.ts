import type { Config } from '../config.ts';
import { DOCUMENT_LIMIT_TEXTS } from './document-limit-texts.ts';
import { makeRateLimitTable, RATE_LIMIT_NAMES } from './rate-limits.ts';

/** One limit as docs/limits.md shows it. */
export interface LimitsTableRow {
  readonly limit: string;
  readonly maximum: number;
  /** Undefined for the limits of documents, which have none. */
  readonly windowSeconds: number | undefined;
  readonly countedBy: string;
  readonly of: string;
  readonly answers: 'DOCUMENT_LIMIT_EXCEEDED' | 'RATE_LIMITED';
}

/** Every limit there is, with the maxima that `config` sets: docs and their test are made from it. */
export function limitsTable(
  config: Pick<Config, 'documents' | 'rateLimits' | 'addressLimit'>,
): readonly LimitsTableRow[] {
  const documents = Object.entries(DOCUMENT_LIMIT_TEXTS).map(
    ([limit, { counts }]): LimitsTableRow => ({
      limit,
      maximum: config.documents[limit as keyof typeof DOCUMENT_LIMIT_TEXTS],
      windowSeconds: undefined,
      countedBy: limit === 'tokens' ? 'document' : 'operation',
      of: counts,
      answers: 'DOCUMENT_LIMIT_EXCEEDED',
    }),
  );
  const table = makeRateLimitTable(config);
  const rates = RATE_LIMIT_NAMES.map((name): LimitsTableRow => {
    const { points, windowSeconds, key, of, answers } = table[name];
    return { limit: name, maximum: points, windowSeconds, countedBy: key, of, answers };
  });
  const credentials: LimitsTableRow = {
    limit: 'credentialMutations',
    maximum: 1,
    windowSeconds: undefined,
    countedBy: 'operation',
    of: 'mutations that check a password, code or token, or send a mail',
    answers: 'DOCUMENT_LIMIT_EXCEEDED',
  };
  return [...documents, credentials, ...rates];
}
