import type { Readable } from 'node:stream';
import type { ConfigFacts, Environment } from '../config.ts';

/** What a command is given of the process it runs in. */
export interface Terminal {
  readonly env: Environment;
  readonly facts: ConfigFacts;
  /** Resolves when the process is asked to end. */
  readonly stopSignal: Promise<void>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  print(text: string): void;
  printError(text: string): void;
}

export interface Command {
  /** As typed after `gatehouse`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  /** The exit code. Throws `UsageError` for words it does not take, any other Error for what a person must know. */
  run(words: readonly string[], terminal: Terminal): Promise<number>;
}

/** The words of a command do not fit. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
