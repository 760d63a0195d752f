import type { EnclaveManifest } from '@enclos/manifest';
import { interpreterFlags } from '@enclos/loader';
import { requireRelayable } from './streams.ts';

export interface GramineArgumentsOptions {
  /** The path at which the enclave sees the program of this package ({@link gramineProgram}). */
  readonly programPath: string;
  /** The path at which the enclave sees the SGXS image. */
  readonly imagePath: string;
  /** The manifest of the image: `readImage(image).manifest` of `@enclos/manifest`. */
  readonly manifest: Pick<EnclaveManifest, 'heapSizeBytes' | 'debug' | 'listen' | 'connect'>;
}

/**
 * The arguments after the interpreter in argv: `arguments` of `gramineManifest`, which fixes and measures them. The permission
 * model limits writes to the files of `/dev/attestation`; the Gramine manifest decides what can be read at all.
 * @throws STREAM_TRANSPORT_UNAVAILABLE for an image that wants connections passed
 */
export function gramineArguments({ programPath, imagePath, manifest }: GramineArgumentsOptions): readonly string[] {
  requireRelayable(manifest);
  return [
    ...interpreterFlags(manifest),
    '--allow-fs-read=*',
    '--allow-fs-write=/dev/attestation/*',
    // The output of a production enclave goes there.
    '--allow-fs-write=/dev/null',
    programPath,
    imagePath,
  ];
}
