import { ByteWriter, fromHex } from '@enclos/codec';
import { startingMemory } from '@enclos/elf';
import { loadedAt, staticExecutable } from '../layers/starter.ts';
import { lastStepCode } from './last-step-code.ts';
import { programFilter, type ProgramKind } from './program-filter.ts';

/**
 * The last step before a program: a file of some 2 KiB that closes the descriptors that a program does not have (6 and 7), installs the
 * program's own system call filter, which is in the file, and becomes the program, with exactly the environment of its words:
 *
 * `NAME=VALUE ... - PATH ARGV...`
 *
 * It is loaded where no segment of a program may be (`startingMemory` of `@enclos/elf`), and the filter allows execve(2) to its own
 * instruction alone. So it becomes the program, and the program becomes nothing else, whatever descriptors it is given.
 *
 * Wrappers before it run with an empty environment, so that no variable of a manifest, such as LD_PRELOAD, reaches a program that is not
 * the enclave's. The filter is not yet there when they run, so it need not allow what they do. Any failure ends it with 126.
 */
export function lastStepProgram(architecture: 'x64' | 'arm64', options: ProgramKind): Uint8Array {
  const { address } = startingMemory;
  const code = fromHex(lastStepCode[architecture].map(([bytes]) => bytes).join(''));
  const filter = programFilter(architecture, { ...options, becomesBefore: loadedAt(address, becomesAt(architecture)) });
  const instructionBytes = 8;
  const headerBytes = 16;
  // struct sock_fprog (linux/filter.h): the number of instructions, and where they are.
  const header = new ByteWriter()
    .u16(filter.length / instructionBytes)
    .bytes(new Uint8Array(6))
    .u64(loadedAt(address, code.length + headerBytes));
  const whole = new ByteWriter().bytes(code).bytes(header.finish()).bytes(filter).finish();
  return staticExecutable(architecture, whole, address);
}

/** Where the code goes on if execve(2) fails: after its last call but that of its end. */
function becomesAt(architecture: 'x64' | 'arm64'): number {
  const lines = lastStepCode[architecture];
  const before = lines.slice(
    0,
    lines.findIndex(([, text]) => text === 'fail:'),
  );
  return before.reduce((sum, [bytes]) => sum + bytes.length / 2, 0);
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
