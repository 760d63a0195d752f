import { loadEnclave, type Enclave } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { bench } from './bench.edl.ts';
import type { Signed } from './harness/signed-folder.ts';

export type BenchEnclave = Enclave<(typeof bench)['trusted']>;

export interface BenchImage extends Signed {
  readonly launcher: Launcher;
}

export function loadBench(signed: BenchImage): Promise<BenchEnclave> {
  return loadEnclave({
    ...signed,
    interface: bench,
    untrusted: { keep: ({ data }) => data.length },
    isolation: 'best',
  });
}
