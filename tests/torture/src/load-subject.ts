import { readFileSync } from 'node:fs';
import { loadEnclave, type Enclave } from '@enclos/host';
import type { Launcher } from '@enclos/tee';
import { subject } from '../enclaves/subject/subject.edl.ts';
import type { BuiltLane } from './workplace.ts';

export type Subject = Enclave<(typeof subject)['trusted']>;

/** Loads the enclave of a lane in this process. */
export function loadSubject(lane: BuiltLane, launcher: Launcher): Promise<Subject> {
  return loadEnclave({
    image: new Uint8Array(readFileSync(lane.image)),
    signature: new Uint8Array(readFileSync(lane.signature)),
    interface: subject,
    launcher,
    isolation: 'best',
    mounts: { '/state': lane.mount },
    untrusted: {
      at: () => undefined,
      nest: ({ depth, data }, { enclave }) => (depth === 0 ? data : enclave.nest({ depth: depth - 1, data })),
    },
  });
}
