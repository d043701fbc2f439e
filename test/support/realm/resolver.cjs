const { readFileSync } = require('node:fs');
const { join, sep } = require('node:path');

let linked;

function findLinked(name, options) {
  if (name !== 'graphql' && options.basedir.includes(`${sep}node_modules${sep}`)) return undefined;
  const directory = process.env['TEST_LINKED_PACKAGES'];
  // Jest resolves its own parts before its globalSetup.
  if (directory === undefined) return undefined;
  linked ??= JSON.parse(readFileSync(join(directory, 'names.json'), 'utf8'));
  const file = linked[options.conditions?.includes('require') ? 'require' : 'import'][name];
  return file === undefined ? undefined : join(directory, file);
}

/**
 * Jest's resolver: the packages that link-packages.mjs linked are found there, everything else as usual. A package that is
 * not linked keeps its own dependencies, except for graphql, of which there may be only one.
 */
module.exports = (name, options) => findLinked(name, options) ?? options.defaultResolver(name, options);
