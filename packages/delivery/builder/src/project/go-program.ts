import { readGoProgram, type GoProgram } from '@enclos/elf';
import type { EnclaveManifest } from '@enclos/manifest';
import type { TrustedToolchain } from '../build-report.ts';

/** What a program of Go says of its making; undefined for others, and where it cannot be read. */
export function goProgramOf(program: Uint8Array): GoProgram | undefined {
  try {
    return readGoProgram((offset, length) => program.subarray(offset, offset + length));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What made a program of Go, for the report of its build. */
export function goToolchain({ version, overlaySha256 }: GoProgram): TrustedToolchain {
  const inputs = overlaySha256 === undefined ? [] : [{ name: 'overlay', sha256: overlaySha256 }];
  return { name: 'Go', version: version.replace(/^go(?=\d)/, ''), inputs };
}

const limitVariable = 'GOMEMLIMIT';
const mebibyte = 1024 * 1024;
/** The rest is for what the garbage collector does not count: stacks of threads, and memory between two collections. */
const sharePercent = 90;

/**
 * The environment of a program of Go: without a limit its garbage collector would let it grow beyond the heap of the enclave, and then the
 * platform would refuse it memory. A limit that enclave.json declares stays (runtime, "Environment Variables").
 */
export function withMemoryLimit(
  environment: EnclaveManifest['environment'],
  heapSizeBytes: number,
): EnclaveManifest['environment'] {
  if (environment.some(({ name }) => name === limitVariable)) return environment;
  const limit = Math.floor((heapSizeBytes * sharePercent) / 100 / mebibyte);
  return [...environment, { name: limitVariable, value: `${limit}MiB` }];
}
