import type { LogFacts, Logger } from '../../src/platform/logger.ts';

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly facts: LogFacts;
}

/** Keeps what is logged. */
export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, facts: LogFacts = {}) => {
      lines.push({ level, message, facts });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
