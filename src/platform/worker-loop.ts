import { errorFacts, type Logger } from './logger.ts';

export interface WorkerLoop {
  /** There may be work: look now. */
  wake(): void;
  /** Ends after the step under way; resolves once it is over. */
  stop(): Promise<void>;
}

/**
 * Does durable work beside the requests: calls `step` until it answers false (nothing left), then again when woken or after
 * `pollMs`, since another node may have left work behind. A step that throws is logged and tried again after `pollMs`.
 */
export function startWorkerLoop(options: {
  readonly name: string;
  readonly pollMs: number;
  readonly logger: Logger;
  readonly step: () => Promise<boolean>;
}): WorkerLoop {
  let stopped = false;
  let woken = false;
  let rouse: (() => void) | undefined;

  const rest = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, options.pollMs);
      timer.unref();
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    while (!stopped) {
      woken = false;
      try {
        while (!stopped && (await options.step()));
      } catch (error) {
        options.logger.error('background work failed and will be tried again', {
          worker: options.name,
          ...errorFacts(error),
        });
        if (!stopped) await rest();
        continue;
      }
      if (!stopped && !woken) await rest();
    }
  };
  const running = run();

  return {
    wake: () => {
      woken = true;
      rouse?.();
    },
    stop: async () => {
      stopped = true;
      rouse?.();
      await running;
    },
  };
}
