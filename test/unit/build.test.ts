import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const PROJECT = resolve(import.meta.dirname, '../..');

/** Says its arguments, then lives until it is told to stop, and says by what. */
const MAIN = `
declare const process: any;
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => { process.stdout.write(signal + '\\n'); clearInterval(life); });
declare const setInterval: any, clearInterval: any;
const life = setInterval(() => {}, 1000);
process.stdout.write('runs ' + process.argv.slice(2).join(' ') + '\\n');
if (process.argv[2] === 'once') clearInterval(life);
`;

let project: string;
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const read = (path: string) => readFileSync(join(project, path), 'utf8');

/** Runs a program in the project to its end; `onText` sees what it writes as it comes. */
async function run(program: string, args: readonly string[], onText: (pid: number, text: string) => void = () => {}) {
  const child = spawn(program, args, { cwd: project, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onText(child.pid ?? 0, text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}
const build = (...options: string[]) => run(process.execPath, ['src/build.mjs', ...options]);

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'gatehouse-build-'));
  mkdirSync(join(project, 'src'));
  copyFileSync(join(PROJECT, 'src/build.mjs'), join(project, 'src/build.mjs'));
  copyFileSync(join(PROJECT, 'tsconfig.build.json'), join(project, 'tsconfig.build.json'));
  const { scripts } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  write('package.json', JSON.stringify({ name: 'small', type: 'module', scripts }));
  const { compilerOptions } = JSON.parse(readFileSync(join(PROJECT, 'tsconfig.json'), 'utf8'));
  write('tsconfig.json', JSON.stringify({ compilerOptions: { ...compilerOptions, types: [] } }));
  write('ormconfig.ts', 'export default 1;\n');
  write('migrations/1-first.ts', 'export const first = 1;\n');
  write('migrations/2-second.ts', 'export const second = 2;\n');
  write('src/main.ts', MAIN);
  write('src/mail/welcome.html', '<p>Hello</p>');
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(join(PROJECT, 'node_modules/typescript'), join(project, 'node_modules/typescript'));
});
afterAll(() => rmSync(project, { recursive: true }));

describe('the build', () => {
  test('builds everything once, says each step, and finds nothing to do the second time', async () => {
    const first = await build();
    expect(first).toMatchObject({ code: 0, out: '' });
    expect(first.err).toMatch(/^Built the server \(\d+\.\d s\)$/m);
    for (const path of ['src/main.js', 'ormconfig.js', 'migrations/1-first.js', 'src/mail/welcome.html']) {
      expect(existsSync(join(project, 'dist', path))).toBe(true);
    }
    expect(await build()).toEqual({ code: 0, out: '', err: '' });
  });

  test('builds what changed and only that, and takes away what was deleted', async () => {
    write('src/mail/welcome.html', '<p>Welcome</p>');
    expect((await build()).err).toMatch(/^Built the files beside it \(.*\)\n$/);
    expect(read('dist/src/mail/welcome.html')).toBe('<p>Welcome</p>');
    rmSync(join(project, 'migrations/2-second.ts'));
    expect((await build()).err).toMatch(/^Built the server \(.*\)\n$/);
    expect(existsSync(join(project, 'dist/migrations/2-second.js'))).toBe(false);
    expect(existsSync(join(project, 'dist/migrations/1-first.js'))).toBe(true);
  });

  test('that fails says why, leaves what was built before, and fails again until it is mended', async () => {
    const before = read('dist/ormconfig.js');
    write('ormconfig.ts', "export default 'one' satisfies number;\n");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { code, err } = await build('--quiet');
      expect(code).toBe(1);
      expect(err).toContain('ormconfig.ts(1,22)');
    }
    expect(read('dist/ormconfig.js')).toBe(before);
    write('ormconfig.ts', 'export default 2;\n');
    expect(await build('--quiet')).toEqual({ code: 0, out: '', err: '' });
    expect(read('dist/ormconfig.js')).not.toBe(before);
  });

  test('builds all again when it is told to, and is not stopped by the lock of a dead build', async () => {
    write('dist/.build.lock', '4194303');
    expect((await build('--force')).err).toMatch(/Built the server/);
    expect(existsSync(join(project, 'dist/.build.lock'))).toBe(false);
  });

  test('two at once build once', async () => {
    write('ormconfig.ts', 'export default 3;\n');
    const both = await Promise.all([build(), build()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(
      both
        .map(({ err }) => err)
        .join('')
        .match(/Built the server/g),
    ).toHaveLength(1);
  });

  test('refuses an option it does not know, and explains itself', async () => {
    expect(await build('--fast')).toMatchObject({ code: 2, out: '' });
    expect(await build('--help')).toMatchObject({ code: 0, err: '' });
  });
});

test('a terminal that closes ends the server in order', async () => {
  const { code, out } = await run(process.execPath, ['src/build.mjs', '--run'], (pid, text) => {
    if (text.includes('runs')) process.kill(pid, 'SIGHUP');
  });
  expect({ code, out }).toEqual({ code: 0, out: 'runs \nSIGTERM\n' });
});

describe('npm', () => {
  test('started by it, the server ends in order at SIGTERM to npm alone, and at the SIGINT of Ctrl-C to all', async () => {
    const terminated = await run('npm', ['start'], (pid, text) => {
      if (text.includes('runs')) process.kill(pid, 'SIGTERM');
    });
    expect(terminated.out).toMatch(/runs \nSIGTERM/);
    const interrupted = await run('npm', ['start'], (pid, text) => {
      if (text.includes('runs')) process.kill(-pid, 'SIGINT');
    });
    expect(interrupted.out).toMatch(/runs \nSIGINT/);
  });

  test('hands the arguments of npm run gatehouse to the command, spaces and all', async () => {
    const { code, out } = await run('npm', [
      'run',
      '--silent',
      'gatehouse',
      '--',
      'once',
      '--name',
      'Ada L',
      '--force',
    ]);
    expect({ code, out }).toEqual({ code: 0, out: 'runs once --name Ada L --force\n' });
  });
});

describe('the bundle', () => {
  const other = 'export const said = (text: string) => text;\n';

  beforeAll(() => {
    copyFileSync(join(PROJECT, 'src/bundle.mjs'), join(project, 'src/bundle.mjs'));
    symlinkSync(join(PROJECT, 'node_modules/rolldown'), join(project, 'node_modules/rolldown'));
    write('src/other.ts', other);
    write(
      'src/main.ts',
      `// @ts-ignore: without types
import { createRequire } from 'node:module';
import { said } from './other.ts';
declare const console: any;
declare global { interface ImportMeta { url: string } }
const require = createRequire(import.meta.url);
console.log(import.meta.url.split('/').slice(-2).join('/'), typeof require('stamp'), said('other'));
if ([...'x'].includes('y')) await import('./late.ts');
console.log(new Error('here').stack);
`,
    );
    write('src/late.ts', 'export const late = true;\n');
    write('node_modules/stamp/package.json', '{"name":"stamp","main":"index.js"}');
    write('node_modules/stamp/index.js', 'module.exports = () => 1;\n');
  });

  test('is made after the server, is what runs, and says where in the sources an error is from', async () => {
    const { err } = await build();
    expect(err).toMatch(/Built the server .*\nBuilt the bundle \(.*\)\n$/);
    // It needs neither of them any more.
    for (const gone of ['dist/src/other.js', 'node_modules/stamp']) rmSync(join(project, gone), { recursive: true });
    const { code, out } = await run(process.execPath, ['--enable-source-maps', 'src/build.mjs', '--run']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^bundle\/main.js function other\n/) });
    expect(out).toMatch(/src\/main\.ts:9:/);
  });

  test('is made again when other packages are installed, keeps nothing of the last one, and is left as it was else', async () => {
    expect(await build()).toEqual({ code: 0, out: '', err: '' });
    write('node_modules/stamp/package.json', '{"name":"stamp","main":"index.js"}');
    write('node_modules/stamp/index.js', 'module.exports = 1;\n');
    write('node_modules/.package-lock.json', '{}');
    write('dist/bundle/late-of-old.js', '');
    write('dist/src/other.js', other.replace(': string', ''));
    expect((await build()).err).toMatch(/^Built the bundle \(.*\)\n$/);
    expect(existsSync(join(project, 'dist/bundle/late-of-old.js'))).toBe(false);
    expect((await run(process.execPath, ['src/build.mjs', '--run'])).out).toMatch(/^bundle\/main.js number other\n/);
  });

  test('is refused where a module that requires by itself is not seen through', async () => {
    write('src/other.ts', `// @ts-ignore: without types\nimport { createRequire } from 'node:module';\n`.concat(other));
    write('src/main.ts', `import { said } from './other.ts';\nsaid('');\n`);
    const { code, err } = await build('--quiet');
    expect(code).toBe(1);
    expect(err).toContain('0 modules require by themselves');
    expect((await build('--quiet')).code).toBe(1);
  });
});

test('without the tools to build, what is built runs, and what is not says how to go on', async () => {
  rmSync(join(project, 'node_modules'), { recursive: true });
  write('ormconfig.ts', 'export default 4;\n');
  expect(await build()).toEqual({ code: 0, out: '', err: '' });
  rmSync(join(project, 'dist'), { recursive: true });
  const { code, err } = await build();
  expect(code).toBe(1);
  expect(err).toContain('typescript is not installed');
});
