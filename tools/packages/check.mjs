// What must be true of every tarball. `npm pack` says which files it has; what is in them is read where it was laid out.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { linksOf, parseMarkdown } from '../docs/markdown.mjs';
import { readJson } from '../lib/workspace.mjs';

const required = ['LICENSE', 'NOTICE', 'README.md', 'package.json'];
/** A template brings its own tests: those of the package are in folders of the package, or beside its sources. */
const isForeign = (path) =>
  /^(?:dist\/)?(?:test|tests|fuzz|bench)\/|^(?:dist\/)?src\/.*\.(?:test|fuzz)\.|(?:^|\/)(?:node_modules|\.enclos)\/|\.tsbuildinfo$/.test(
    path,
  );

/** Each leaf of `exports`, `imports` and `bin` that is a path of the package. */
function targetsOf(value) {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  return Object.values(value ?? {}).flatMap(targetsOf);
}

function mapProblems(path, { sources, sourcesContent = [], sourceRoot = '' }, files) {
  return sources
    .filter((source, index) => {
      if (typeof sourcesContent[index] === 'string') return false;
      return !files.has(normalize(join(dirname(path), sourceRoot, source)));
    })
    .map((source) => `${path}: its source ${source} is not in the tarball`);
}

/** A map that a file names has to be there as well. */
function mapNameProblems(path, text, files) {
  const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(text.slice(-400)) ?? [];
  if (map === undefined || map.startsWith('data:') || files.has(join(dirname(path), map))) return [];
  return [`${path}: its map ${map} is not in the tarball`];
}

function linkProblems(text, files) {
  return linksOf(parseMarkdown(text))
    .filter(({ target }) => !/^(?:https?:|mailto:|#)/.test(target) && !files.has(target.split('#')[0]))
    .map(({ target, line }) => `README.md:${line}: the link ${target} leads nowhere on a registry`);
}

function dependencyProblems({ dependencies = {}, optionalDependencies = {}, peerDependencies = {} }, published) {
  return Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .filter(([name, range]) => /^(?:file|link|workspace|git|https?):/.test(range) || isUnpublished(name, published))
    .map(([name, range]) => `package.json: ${name}@${range} is not published`);
}

const isUnpublished = (name, published) => name.startsWith('@enclos/') && !published.has(name);

/**
 * Problems of one tarball, one line each.
 * @param paths of the files that the tarball has
 * @param published the names of all packages that are published together
 */
export function tarballProblems({ folder, paths, published }) {
  const files = new Set(paths);
  const read = (path) => readFileSync(join(folder, path), 'utf8');
  const manifest = readJson(join(folder, 'package.json'));
  const bins = typeof manifest.bin === 'string' ? [manifest.bin] : Object.values(manifest.bin ?? {});
  const targets = [...targetsOf(manifest.exports), ...targetsOf(manifest.imports), ...bins.map(normalize)];
  return [
    ...required.filter((name) => !files.has(name)).map((name) => `${name} is missing`),
    ...paths.filter(isForeign).map((path) => `${path}: does not belong in a package`),
    ...targets.filter((path) => !files.has(path)).map((path) => `package.json: ${path} is not in the tarball`),
    ...paths
      .filter((path) => path.endsWith('.map'))
      .flatMap((path) => mapProblems(path, JSON.parse(read(path)), files)),
    ...paths
      .filter((path) => /\.(?:js|mjs|d\.ts)$/.test(path))
      .flatMap((path) => mapNameProblems(path, read(path), files)),
    ...(files.has('README.md') ? linkProblems(read('README.md'), files) : []),
    ...dependencyProblems(manifest, published),
  ];
}
