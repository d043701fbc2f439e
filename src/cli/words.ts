import { UsageError } from './command.ts';

/** For commands without options. */
export function refuseWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`This command takes no options: ${words.join(' ')}`);
}
