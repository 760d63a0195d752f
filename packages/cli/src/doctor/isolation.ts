import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePlan, planAllWays, writeSeccompFilter, type IsolationPlan } from '@enclos/software-sgx';
import type { IsolationLayer } from '@enclos/tee';
import { info, ok, warning, type Check } from './check.ts';

/** What one way to isolation gives on this machine. */
export interface IsolationWayReport {
  readonly way: IsolationPlan['way'];
  /** Whether it has every layer, so that strict isolation starts with it alone. */
  readonly complete: boolean;
  readonly layers: readonly IsolationLayer[];
}

export interface IsolationReport {
  /** Whether strict isolation starts here. */
  readonly strict: boolean;
  /** The way that enclaves are started by. */
  readonly chosen: IsolationPlan['way'];
  /** The layers of that way; a missing one says every way to it. */
  readonly layers: readonly IsolationLayer[];
  readonly ways: readonly IsolationWayReport[];
}

/** Tries what this machine gives an enclave, by each way that there is. */
export async function probeIsolation(interpreterPath: string): Promise<IsolationReport> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-doctor-'));
  try {
    return reportIsolation(planAllWays({ interpreterPath, filterPath: await writeSeccompFilter(folder) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function reportIsolation(plans: readonly IsolationPlan[]): IsolationReport {
  const { way, layers } = choosePlan(plans);
  const ways = plans.map((plan) => ({
    way: plan.way,
    complete: missing(plan.layers).length === 0,
    layers: plan.layers,
  }));
  return Object.freeze({ strict: missing(layers).length === 0, chosen: way, layers, ways });
}

/** One check for each way, and one for each layer; a missing layer is what `--isolation=strict` refuses. */
export function checkIsolation({ strict, chosen, layers, ways }: IsolationReport): readonly Check[] {
  const ofWays = ways.map((found) => {
    const use = found.way === chosen ? 'enclaves start by it' : 'not used';
    const lacks = missing(found.layers).map(({ name }) => name);
    const detail = found.complete ? `every layer; ${use}` : `without ${lacks.join(', ')}; ${use}`;
    return found.complete ? ok(`isolation by ${found.way}`, detail) : info(`isolation by ${found.way}`, detail);
  });
  const ofLayers = layers.map(({ name, active, detail }) =>
    active
      ? ok(`isolation: ${name}`, detail)
      : warning(`isolation: ${name}`, 'missing, so strict isolation refuses to start', detail),
  );
  const hidesNames = strict && chosen !== 'bubblewrap' ? [namesAreSeen] : [];
  return [...ofWays, ...ofLayers, ...hidesNames];
}

const namesAreSeen = info(
  'isolation: names of files',
  'an enclave can see whether a file is there, and its size, by Landlock alone',
);

function missing(layers: readonly IsolationLayer[]): readonly IsolationLayer[] {
  return layers.filter(({ active }) => !active);
}

export function isolationUnknown(): Check {
  return info('isolation', 'unknown until there is an interpreter to try it on');
}
