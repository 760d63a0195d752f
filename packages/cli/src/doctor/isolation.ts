import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planIsolation, writeSeccompFilter } from '@enclos/software-sgx';
import type { IsolationLayer } from '@enclos/tee';
import { info, ok, warning, type Check } from './check.ts';

/** Tries what this machine gives an enclave. */
export async function probeLayers(interpreterPath: string): Promise<readonly IsolationLayer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-doctor-'));
  try {
    return planIsolation({ interpreterPath, filterPath: await writeSeccompFilter(folder) }).layers;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One check for each layer; a missing one is what `--isolation=strict` refuses. */
export function checkLayers(layers: readonly IsolationLayer[]): readonly Check[] {
  return layers.map(({ name, active, detail }) =>
    active
      ? ok(`isolation: ${name}`, detail)
      : warning(`isolation: ${name}`, 'missing, so strict isolation refuses to start', detail),
  );
}

export function layersUnknown(): Check {
  return info('isolation', 'unknown until there is an interpreter to try it on');
}
