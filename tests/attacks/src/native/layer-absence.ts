import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import type { IsolationPlan, IsolationWay } from '@enclos/isolation';

/** What each way runs. `.ci/run` installs them where it may. */
const programs: Readonly<Record<IsolationWay, readonly string[]>> = {
  bubblewrap: ['bwrap'],
  'util-linux': ['unshare', 'setpriv'],
};

const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/**
 * Why attacks on the layers of a plan cannot be tried here; undefined when every layer is there. What a kernel or a
 * container refuses is a reason to skip: a machine with user namespaces, and a writable cgroup with the pids controller,
 * has it all.
 *
 * @throws Error with CI set, when a program is missing that CI can install.
 */
export function layerAbsence(
  { way, layers }: Pick<IsolationPlan, 'way' | 'layers'>,
  { has = isThere, ci = process.env['CI'] ?? '' }: { readonly has?: typeof isThere; readonly ci?: string } = {},
): string | undefined {
  const missing = layers.filter(({ active }) => !active);
  if (missing.length === 0) return undefined;
  const absent = programs[way].filter((program) => !has(program));
  if (absent.length > 0 && ci !== '') {
    throw new Error(`CI has to test the layers by ${way}, which needs ${absent.join(' and ')}.`);
  }
  return `this machine lacks ${missing.map(({ name, detail }) => `${name}: ${detail}`).join(' ')}`;
}

/** Skips a test when a layer of the plan is absent. @returns whether it did */
export function skipsWithoutLayers(plan: IsolationPlan, t: Pick<TestContext, 'skip'>): boolean {
  const absence = layerAbsence(plan);
  if (absence !== undefined) t.skip(absence);
  return absence !== undefined;
}
