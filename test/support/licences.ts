import { readFileSync } from 'node:fs';

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly hasInstallScript: boolean;
}

interface LockEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
}

/** What an installation for production has, on any platform, each version once, by name: as package-lock.json has it. */
export function productionPackages(): readonly LockedPackage[] {
  const lock: { readonly packages: Readonly<Record<string, LockEntry>> } = JSON.parse(
    readFileSync('package-lock.json', 'utf8'),
  );
  const packages = Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, entry]): [string, LockedPackage] => {
      const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const { version = '', license = 'none', hasInstallScript = false } = entry;
      return [`${name}@${version}`, { name, version, licence: license, hasInstallScript }];
    });
  const once = [...new Map(packages).values()];
  return once.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** docs/licences.md, all but its first lines. */
export function licencesDocument(): string {
  const packages = productionPackages();
  const counts = new Map<string, number>();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const sums = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([licence, count]) => `| ${licence} | ${count} |`);
  const rows = packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  return `Every package that an installation for production may have, on any platform, with the licence that it declares. The list of common
passwords has a notice of its own in [NOTICE](../NOTICE).

| Licence | Packages |
| --- | --- |
${sums.join('\n')}

| Package | Version | Licence |
| --- | --- | --- |
${rows.join('\n')}
`;
}
