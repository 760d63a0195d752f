import type { EnclaveManifest } from '@enclos/manifest';
import { interpreterFlags } from '@enclos/software-sgx/loader';

export interface GramineArgumentsOptions {
  /** Where the enclave sees the program of this package ({@link gramineProgram}). */
  readonly programPath: string;
  /** Where it sees the SGXS image. */
  readonly imagePath: string;
  /** Of the image: `readImage(image).manifest` of `@enclos/manifest`. */
  readonly manifest: Pick<EnclaveManifest, 'heapSizeBytes' | 'debug'>;
}

/**
 * What follows the interpreter in argv: `arguments` of `gramineManifest`, which fixes and measures it. The permission model
 * keeps writes to the files of `/dev/attestation`; what can be read at all the Gramine manifest says.
 */
export function gramineArguments({ programPath, imagePath, manifest }: GramineArgumentsOptions): readonly string[] {
  return [
    ...interpreterFlags(manifest),
    '--allow-fs-read=*',
    '--allow-fs-write=/dev/attestation/*',
    // Where the output of a production enclave goes.
    '--allow-fs-write=/dev/null',
    programPath,
    imagePath,
  ];
}
