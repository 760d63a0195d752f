import { ByteWriter, fromHex } from '@enclos/codec';
import { loadedAt, staticExecutable } from '../layers/starter.ts';
import { lastStepCode } from './last-step-code.ts';
import { programFilter, type ProgramFilterOptions } from './program-filter.ts';

/**
 * The last step before a program: a file of some 2 KiB that closes the descriptors that a program does not have (6 and 7), installs the
 * program's own system call filter, which is in the file, and becomes the program, with exactly the environment of its words:
 *
 * `NAME=VALUE ... - PATH ARGV...`
 *
 * Wrappers before it run with an empty environment, so that no variable of a manifest, such as LD_PRELOAD, reaches a program that is not
 * the enclave's. The filter is not yet there when they run, so it need not allow what they do. Any failure ends it with 126.
 */
export function lastStepProgram(architecture: 'x64' | 'arm64', options: ProgramFilterOptions): Uint8Array {
  const code = fromHex(lastStepCode[architecture].map(([bytes]) => bytes).join(''));
  const filter = programFilter(architecture, options);
  const instructionBytes = 8;
  const headerBytes = 16;
  // struct sock_fprog (linux/filter.h): the number of instructions, and where they are.
  const header = new ByteWriter()
    .u16(filter.length / instructionBytes)
    .bytes(new Uint8Array(6))
    .u64(loadedAt(code.length + headerBytes));
  return staticExecutable(architecture, new ByteWriter().bytes(code).bytes(header.finish()).bytes(filter).finish());
}

/**
 * The words of the last step.
 * @param environment names and values. A name that is not one of POSIX would end the environment early.
 */
export function lastStepWords(
  path: string,
  { argv, environment }: { readonly argv: readonly string[]; readonly environment: ReadonlyMap<string, string> },
): readonly string[] {
  const variables = [...environment].map(([name, value]) => {
    if (!/^[A-Za-z_]/.test(name)) throw new RangeError(`${name} is not the name of a variable.`);
    return `${name}=${value}`;
  });
  return [...variables, '-', path, ...argv];
}
