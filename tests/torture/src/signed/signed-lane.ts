import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEdl, intelEnclave, openEnclave, openEnclaveEdl } from '@enclos/sgx-image-kit';
import { compiled, layOutLane, type Lane, type Workplace } from '../workplace.ts';

/** The SDKs whose files are killed. */
export const signedSdks = ['intel', 'open-enclave'] as const;
export type SignedSdk = (typeof signedSdks)[number];

/** The lane of a signed enclave, whose interface is a file too. */
export interface SignedLane extends Lane {
  readonly edl: string;
}

/** Assembles a signed enclave in the format of an SDK. Needs a compiler of C. */
export function signedLane({ folder }: Workplace, sdk: SignedSdk): SignedLane {
  const place = join(folder, sdk);
  const folders = layOutLane(place);
  const key = generateSigningKey();
  const { signed } = sdk === 'intel' ? intelEnclave({ key }) : openEnclave({ key });
  const [image, edl] = [join(place, 'subject.signed'), join(place, 'subject.edl')];
  writeFileSync(image, signed);
  writeFileSync(edl, sdk === 'intel' ? intelEdl : openEnclaveEdl);
  // Not in the folder of the lane, whose changes are steps: the stub runs from a cache, and each lane must know its own by their path.
  const cache = join(folder, `cache-${sdk}`);
  mkdirSync(cache);
  return {
    folder: place,
    ...folders,
    image,
    edl,
    hostProgram: compiled('signed/signed-host.program.js'),
    hostArguments: ['--edl', edl],
    hostEnvironment: { XDG_CACHE_HOME: cache },
    enclaveMarker: `${cache}/enclos/sgx-stub-`,
  };
}
