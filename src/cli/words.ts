import { type ParseArgsConfig, parseArgs, types } from 'node:util';
import { UsageError } from './command.ts';

/** For commands without options. */
export function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`This command takes no options: ${words.join(' ')}`);
}

/** The options that were typed. Throws a UsageError for anything else. */
export function parseOptions<const O extends NonNullable<ParseArgsConfig['options']>>(
  words: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new UsageError(types.isNativeError(error) ? error.message : 'Unknown options.');
  }
}

/** The value of an option that must be there. */
export function required(value: string | undefined, option: string): string {
  if (value === undefined || value.trim() === '') throw new UsageError(`--${option} is missing.`);
  return value;
}

/** The time that `--since` names. */
export function toTime(text: string | undefined): Date | undefined {
  const time = text === undefined ? undefined : new Date(text);
  if (time && Number.isNaN(time.getTime())) throw new UsageError('--since must be a date or a time (ISO 8601).');
  return time;
}
