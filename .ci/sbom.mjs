// `npm run --silent sbom`: prints a CycloneDX document of what production installs, on any platform, by package-lock.json.
// `npm sbom --omit dev` would leave out what production shares with the tools (graphql, nodemailer): so all is asked for, and cut.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const kept = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path, { name, version }]) => `${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`),
);

const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const { status, stdout, stderr } = spawnSync('npm', words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
if (status !== 0) {
  console.error(stderr);
  process.exit(1);
}
const bom = JSON.parse(stdout);
const root = bom.metadata.component['bom-ref'];
bom.components = bom.components.filter((component) => kept.has(component['bom-ref'].split('|')[0]));
const refs = new Set([root, ...bom.components.map((component) => component['bom-ref'])]);
bom.dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
console.log(JSON.stringify(bom, null, 2));
