import { type LevelWithSilent, pino } from 'pino';
import { toSourceFrame } from './source-frames.ts';

/** Facts of one log line. Nothing personal and no secret goes in: no address, IP, name, token, or text typed by a person. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Logger {
  debug(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  error(message: string, facts?: LogFacts): void;
}

export type LogLevel = LevelWithSilent;

/** JSON lines on standard error: standard output belongs to what a person asked a command for. */
export function makeLogger(level: LogLevel): Logger {
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    debug: (message, facts = {}) => log.debug(facts, message),
    info: (message, facts = {}) => log.info(facts, message),
    warn: (message, facts = {}) => log.warn(facts, message),
    error: (message, facts = {}) => log.error(facts, message),
  };
}

/**
 * What of an unknown error may stand in a log. Of a database error: code, constraint, table and column name alone, since
 * TypeORM's message carries the parameters and pg's `detail` the key. Of any other: its name, code and stack without the
 * message line (nodemailer's and jose's messages repeat what they were given).
 */
export function errorFacts(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { error: typeof error };
  const cause = 'driverError' in error && error.driverError instanceof Error ? error.driverError : error;
  const known = cause as Error & { code?: unknown; constraint?: unknown; table?: unknown; column?: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return {
    error: cause.name,
    code: text(known.code),
    constraint: text(known.constraint),
    table: text(known.table),
    column: text(known.column),
    stack: frames
      .slice(0, 8)
      .map((frame) => toSourceFrame(frame))
      .join('\n'),
  };
}
