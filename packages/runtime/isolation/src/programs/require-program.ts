import { checkProgram } from '@enclos/elf';
import { EnclosError } from '@enclos/errors';
import type { ProgramSettings } from '@enclos/manifest';

/**
 * Holds a measured program to what runs here. The build did so too, but the signer chose the build.
 * @throws PROGRAM_EXECUTION_UNAVAILABLE, PROGRAM_REFUSED
 */
export function requireProgram(
  { architecture, network }: ProgramSettings,
  program: Uint8Array,
  here: string = `${process.platform}-${process.arch}`,
): void {
  if (architecture !== here) {
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', `The program is for ${architecture}; this is ${here}.`);
  }
  if (network === 'private') {
    const message = 'The program wants sockets of a private network, which this platform does not make.';
    throw new EnclosError('PROGRAM_EXECUTION_UNAVAILABLE', message);
  }
  const read = (offset: number, length: number): Uint8Array => program.subarray(offset, offset + length);
  checkProgram(read, { sizeBytes: program.length, architecture });
}
