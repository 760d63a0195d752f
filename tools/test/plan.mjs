// What to run: one job for the ordinary test files of a package, and one for each
// `*.process.test.ts`, which tests the behaviour of a whole process.
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { filesUnder, root, workspaces } from '../lib/workspace.mjs';

/** The source of a compiled test: `X/dist/test/a.test.js` was `X/test/a.test.ts`. */
const sourceOf = (packagePath, compiled) =>
  join(packagePath, relative(join(packagePath, 'dist'), compiled)).replace(/\.js$/, '.ts');

/** Tests that cross packages, in whole processes, are in tests/: the slow lane. These few of them show that the whole still holds together. */
const fastAcrossPackages = new Set(['calls.process', 'sealing.process', 'remote-attestation.process']);

/** In a package, `*.slow.process.test.ts` is in the slow lane too: a file that needs more than 20 seconds of a processor, a browser or containers. */
function laneOf(folder, label) {
  const name = label.split(' ').at(-1);
  if (name.endsWith('.slow.process')) return 'slow';
  return folder.startsWith('tests/') && !fastAcrossPackages.has(name) ? 'slow' : 'fast';
}

function packagePlan({ name, path, folder }) {
  const compiled = filesUnder(join(path, 'dist/test'), (file) => file.endsWith('.test.js'));
  const [current, stale] = [true, false].map((exists) =>
    compiled.filter((file) => existsSync(sourceOf(path, file)) === exists),
  );
  const built = new Set(current.map((file) => sourceOf(path, file)));
  const unbuilt = filesUnder(join(path, 'test'), (file) => file.endsWith('.test.ts') && !built.has(file));
  const alone = current.filter((file) => file.endsWith('.process.test.js'));
  const together = current.filter((file) => !alone.includes(file));
  const jobs = alone.map((file) => ({ label: `${name} ${basename(file, '.test.js')}`, files: [file] }));
  if (together.length > 0) jobs.unshift({ label: name, files: together });
  return { jobs: jobs.map((job) => ({ ...job, lane: laneOf(folder, job.label) })), stale, unbuilt };
}

/** The tests of the tools themselves are plain modules, and need no build. */
function toolsPlan() {
  const files = filesUnder(join(root, 'tools/selftest'), (file) => file.endsWith('.test.mjs'));
  return { jobs: files.length > 0 ? [{ label: 'tools', files, lane: 'fast' }] : [], stale: [], unbuilt: [] };
}

/**
 * `{ jobs, stale, unbuilt }` for the named packages, or for all, and for one lane, or both. Stale are compiled
 * tests whose source is gone; unbuilt are sources that were never compiled.
 * Throws a plain Error that lists the names when one is unknown.
 */
export function planTests(names, lane) {
  const known = [
    ...workspaces().map((workspace) => ({
      names: [workspace.name, workspace.folder],
      plan: () => packagePlan(workspace),
    })),
    { names: ['tools'], plan: toolsPlan },
  ];
  const isNamed = (entry, name) => entry.names.some((own) => own === name || own.endsWith(`/${name}`));
  const unknown = names.filter((name) => !known.some((entry) => isNamed(entry, name)));
  if (unknown.length > 0) {
    const list = known.map((entry) => entry.names[0]).join(', ');
    throw new Error(`No package named ${unknown.join(', ')}. Packages: ${list}`);
  }
  const plans = known
    .filter((entry) => names.length === 0 || names.some((name) => isNamed(entry, name)))
    .map((entry) => entry.plan());
  return {
    jobs: plans.flatMap((plan) => plan.jobs).filter((job) => lane === undefined || job.lane === lane),
    stale: plans.flatMap((plan) => plan.stale),
    unbuilt: plans.flatMap((plan) => plan.unbuilt),
  };
}
