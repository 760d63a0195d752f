import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pruneStaleOutputs } from '../lib/prune.mjs';
import { npm } from '../lib/npm.mjs';
import { readJson, root, workspaces } from '../lib/workspace.mjs';
import { tarballProblems } from './check.mjs';
import { isPublished } from './metadata.mjs';
import { stagePackage } from './stage.mjs';

/** Lists the tarballs of a folder for `enclos new --from`. */
const indexName = 'packages.json';

/** What the dependencies of a package need from the same folder. */
const ownDependencies = ({ dependencies = {} }, names) =>
  Object.keys(dependencies)
    .filter((name) => names.has(name))
    .toSorted();

/** The JSON that `npm pack` prints: one entry a package, in a list or by name, as the version of npm has it. */
function readReport(output) {
  const report = JSON.parse(output.slice(output.search(/^[[{]/m)));
  return Array.isArray(report) ? report : Object.values(report);
}

async function npmPack(folders, into) {
  const env = { npm_config_loglevel: 'error' };
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...folders];
  return readReport(await npm(words, { cwd: into, env }));
}

/** The folder `out` holds the tarballs of one version and nothing else. */
function replaceTarballs(out, made) {
  mkdirSync(out, { recursive: true });
  for (const name of readdirSync(out)) if (name.endsWith('.tgz') || name === indexName) rmSync(join(out, name));
  for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name));
}

/**
 * Writes a tarball of every published package into `out`, with an index: the same sources give the same bytes.
 * @param lint whether to run the linters of others as well
 * @returns `{ tarballs: [{ name, file, paths, folder }], problems }`; nothing is written where there are problems
 */
export async function packPackages(out, { lint = false } = {}) {
  // The compiler leaves what it once made of a source that is gone.
  pruneStaleOutputs();
  const rootManifest = readJson(join(root, 'package.json'));
  const published = workspaces()
    .filter(isPublished)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const names = new Set(published.map(({ name }) => name));
  // Beside the folder: a rename does not cross file systems.
  mkdirSync(dirname(out), { recursive: true });
  const work = mkdtempSync(join(dirname(out), '.packing-'));
  try {
    const made = join(work, 'made');
    mkdirSync(made);
    const staged = published.map((workspace, index) =>
      stagePackage(workspace, { into: join(work, 'packages', String(index)), base: root, rootManifest }),
    );
    const report = await npmPack(
      staged.map(({ folder }) => folder),
      made,
    );
    const tarballs = staged.map(({ name, folder }) => {
      const { filename, files } = report.find((each) => each.name === name);
      return { name, folder, file: filename.replace(/^@/, '').replace('/', '-'), paths: files.map(({ path }) => path) };
    });
    const problems = tarballs.flatMap(({ name, folder, paths }) =>
      tarballProblems({ folder, paths, published: names }).map((problem) => `${name}: ${problem}`),
    );
    // Only here: the linters bring their own compiler.
    const { lintProblems } = lint ? await import('./lint.mjs') : {};
    for (const { name, folder, file } of lint ? tarballs : []) {
      const found = await lintProblems({ folder, tarball: join(made, file) });
      problems.push(...found.map((problem) => `${name}: ${problem}`));
    }
    if (problems.length > 0) return { tarballs, problems };
    const entries = tarballs.map(({ name, file }) => {
      const { manifest } = published.find((each) => each.name === name);
      const bytes = readFileSync(join(made, file));
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
      return { name, file, integrity, dependencies: ownDependencies(manifest, names) };
    });
    const index = { version: rootManifest.version, packages: entries };
    writeFileSync(join(made, indexName), `${JSON.stringify(index, null, 2)}\n`);
    replaceTarballs(out, made);
    return { tarballs, problems };
  } finally {
    rmSync(work, { recursive: true });
  }
}
