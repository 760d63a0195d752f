import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planIsolation } from '@enclos/software-sgx';
import type { IsolationLayer } from '@enclos/tee';
import { info, ok, warning, type Check } from './check.ts';

/** One instruction of classic BPF, `return SECCOMP_RET_ALLOW`: enough to see that filters can be installed. */
const allowAll = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0xff, 0x7f);

/** Tries what this machine gives an enclave. */
export async function probeLayers(interpreterPath: string): Promise<readonly IsolationLayer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-doctor-'));
  try {
    const filterPath = join(folder, 'allow.bpf');
    await writeFile(filterPath, allowAll);
    return planIsolation({ interpreterPath, filterPath }).layers;
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
