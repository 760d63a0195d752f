import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Compilers by version: an unversioned name may be an older one. The first that is installed builds the stub that is shipped. */
export const stubCompilers = ['gcc-14', 'clang-19'] as const;

/** The sources, which the package carries. */
export const nativeFolder = fileURLToPath(new URL('../../../src/native/', import.meta.url));

/** Freestanding, position-independent, and without anything that would need a relocation, a register of the FPU or a libc. */
const flags = [
  '-std=gnu11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffreestanding',
  '-fno-builtin',
  '-fPIE',
  '-fno-stack-protector',
  '-fcf-protection=none',
  '-fno-jump-tables',
  '-fno-asynchronous-unwind-tables',
  '-mgeneral-regs-only',
  '-mfsgsbase',
  '-mno-red-zone',
  '-static-pie',
  '-nostdlib',
  '-s',
  '-Wl,-z,noexecstack,-z,text,-z,norelro,--build-id=none,--no-undefined,-e,_start',
];

const run = promisify(execFile);

/** @returns the compiler with its version, such as `gcc-14 14.2.0`; undefined when it is not installed */
export async function compilerVersion(compiler: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(compiler, ['-dumpfullversion', '-dumpversion']);
    return `${compiler} ${stdout.trim().split('\n')[0]}`;
  } catch {
    return undefined;
  }
}

function sourceFiles(): readonly string[] {
  return readdirSync(nativeFolder)
    .filter((name) => /\.[chS]$/.test(name))
    .toSorted();
}

/** SHA-256 of sources, flags and compiler, as hex. */
export function digestOfSources(compiler: string): string {
  const hash = createHash('sha256').update(JSON.stringify([compiler, flags]));
  for (const name of sourceFiles()) hash.update(`\n${name}\n`).update(readFileSync(`${nativeFolder}${name}`));
  return hash.digest('hex');
}

/**
 * Compiles the stub.
 *
 * @param defines macros, which only tests and benchmarks give
 * @throws Error with the compiler's words
 */
export async function compileStub(compiler: string, out: string, defines: readonly string[] = []): Promise<void> {
  const sources = sourceFiles().filter((name) => !name.endsWith('.h'));
  await run(compiler, [...flags, ...defines.map((define) => `-D${define}`), '-o', out, ...sources], {
    cwd: nativeFolder,
  });
}
