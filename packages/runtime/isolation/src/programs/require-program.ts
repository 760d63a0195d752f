import { checkProgram } from '@enclos/elf';
import { EnclosError } from '@enclos/errors';
import type { ProgramSettings } from '@enclos/manifest';

/** What the programs of a platform may be. */
export interface PlatformPrograms {
  /** Whether it has the relay of private networks. */
  readonly relays: boolean;
  readonly here?: string;
}

/**
 * Holds a measured program to what runs here. The build did so too, but the signer chose the build.
 * @throws PROGRAM_EXECUTION_UNAVAILABLE, PROGRAM_REFUSED
 */
export function requireProgram(
  { architecture, network }: ProgramSettings,
  program: Uint8Array,
  { relays, here = `${process.platform}-${process.arch}` }: PlatformPrograms,
): void {
  if (architecture !== here) {
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', `The program is for ${architecture}; this is ${here}.`);
  }
  if (network === 'private' && !relays) {
    const message = 'The program wants a private network, and this platform has no relay for it.';
    const next = 'Use packages of Enclos that were built where gcc-14 or clang-19 is installed.';
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', message, { next });
  }
  const read = (offset: number, length: number): Uint8Array => program.subarray(offset, offset + length);
  checkProgram(read, { sizeBytes: program.length, architecture });
}
