import { type ChildProcess, spawn } from 'node:child_process';
import { Redis } from 'ioredis';
import { until } from './account-acts.ts';

/** A server of the test's own, since it is stopped and started, on a port that is free. */
export class RedisServer {
  readonly port: number;
  readonly directory: string;
  #process: ChildProcess | undefined;

  constructor(port: number, directory: string) {
    this.port = port;
    this.directory = directory;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.directory];
    this.#process = spawn('redis-server', options, { stdio: 'ignore' });
    await until('Redis answers', async () => (await this.ask((redis) => redis.ping())) === 'PONG');
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  /** Undefined where it does not answer. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const redis = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null, disconnectTimeout: 100 });
    redis.on('error', () => undefined);
    try {
      return await question(redis);
    } catch {
      return undefined;
    } finally {
      redis.disconnect();
    }
  }
}
