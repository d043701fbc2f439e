import type { FastifyInstance } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { errorFacts, type Logger } from '../platform/logger.ts';

/** Something that must hold before requests are sent here. */
export interface ReadinessCheck {
  /** For the log alone. */
  readonly name: string;
  /** False or an error: not ready. */
  passes(): Promise<boolean>;
}

const MAX_SKEW_MS = 2_000;
const CACHE_MS = 1_000;
const PATIENCE_MS = 2_000;

/**
 * The database answers, and its clock and ours agree to two seconds: expiries are written by one and judged by the other.
 * `readTime` asks it for its time.
 */
export function databaseCheck(readTime: () => Promise<Date>, clock: Clock): ReadinessCheck {
  return {
    name: 'database',
    async passes() {
      const askedAt = clock.now().getTime();
      const theirs = (await readTime()).getTime();
      const ours = (askedAt + clock.now().getTime()) / 2;
      return Math.abs(theirs - ours) <= MAX_SKEW_MS;
    },
  };
}

async function passesInTime(check: ReadinessCheck, logger: Logger): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, false);
  });
  try {
    return await Promise.race([check.passes(), tooLate]);
  } catch (error) {
    logger.debug('a readiness check failed', { check: check.name, ...errorFacts(error) });
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether all checks pass, asked at most once a second whoever asks: the answer is public, and must not be a way to keep the
 * database busy. A change is one line in the log.
 */
export function makeReadiness(checks: readonly ReadinessCheck[], clock: Clock, logger: Logger): () => Promise<boolean> {
  let latest: { readonly atMs: number; readonly isReady: Promise<boolean> } | undefined;
  let wasReady = true;

  async function ask(): Promise<boolean> {
    const passed = await Promise.all(checks.map((check) => passesInTime(check, logger)));
    const failed = checks.filter((_, at) => !passed[at]).map(({ name }) => name);
    const isReady = failed.length === 0;
    if (isReady && !wasReady) logger.info('ready again');
    if (!isReady && wasReady) logger.error('not ready', { failed: failed.join(' ') });
    wasReady = isReady;
    return isReady;
  }

  return () => {
    const nowMs = clock.now().getTime();
    if (latest === undefined || Math.abs(nowMs - latest.atMs) >= CACHE_MS) latest = { atMs: nowMs, isReady: ask() };
    return latest.isReady;
  };
}

const [LIVE, READY] = ['/health/live', '/health/ready'] as const;

/** Whether a request's target is one of the two. */
export const isHealthPath = (url = ''): boolean =>
  [LIVE, READY].some((path) => url === path || url.startsWith(`${path}?`));

/** `/health/live` (the process answers) and `/health/ready` (send requests here): a status, and never why. */
export function registerHealth(app: FastifyInstance, isReady: () => Promise<boolean>): void {
  const config = { isHealth: true, pressureHandler: () => undefined };
  app.get(LIVE, { config }, () => ({ status: 'ok' }));
  app.get(READY, { config }, async () => {
    if (await isReady()) return { status: 'ready' };
    throw new AppError('BUSY', 'The server is not ready.', { retryAfter: 1 });
  });
}
