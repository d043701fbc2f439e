import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SUPPORT = dirname(fileURLToPath(import.meta.url));

/** Another process that uses the embedded PostgreSQL of a directory. */
export interface OtherProcess {
  readonly isOurs: boolean;
  readonly ownerUrl: string;
  /** Lets it end in order. */
  end(): Promise<void>;
  /** SIGKILL: it can do nothing more. */
  kill(): Promise<void>;
}

async function readLine(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<string> {
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += text;
    if (said.endsWith('\n')) return said;
  }
  let reason = '';
  for await (const text of child.stderr.setEncoding('utf8')) reason += text;
  throw new Error(reason);
}

export async function startOtherProcess(dataDir: string): Promise<OtherProcess> {
  const script = join(SUPPORT, 'postgres-user.ts');
  // The variable stands for the secrets of a server's environment, which no child may get.
  const child = spawn(process.execPath, ['--import', join(SUPPORT, 'typescript.js'), script, dataDir], {
    env: { ...process.env, KEYRING: 'not-for-children' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const { isOurs, ownerUrl } = JSON.parse(await readLine(child));
  return {
    isOurs,
    ownerUrl,
    end: async () => {
      child.stdin.end();
      await exit;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
