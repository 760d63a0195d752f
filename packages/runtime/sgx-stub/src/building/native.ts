import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { durable } from '@enclos/durable';

/** Compilers by version: an unversioned name may be an older one. The first that is installed builds what is shipped. */
const compilers = ['gcc-14', 'clang-19'] as const;

/** Freestanding, position-independent, and without anything that would need a relocation, a register of the FPU or a libc. */
export const freestandingFlags: readonly string[] = [
  '-std=gnu11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffreestanding',
  '-fno-builtin',
  '-fPIE',
  '-fno-stack-protector',
  '-fno-jump-tables',
  '-fno-asynchronous-unwind-tables',
  '-mgeneral-regs-only',
  '-static-pie',
  '-nostdlib',
  '-s',
  '-Wl,-z,noexecstack,-z,text,-z,norelro,--build-id=none,--no-undefined,-e,_start',
];

/** A static program of C that the build makes from the tree, where a compiler is installed. */
export interface NativeProgram {
  /** The name of its file. */
  readonly name: string;
  /** The folder of its sources. */
  readonly sources: string;
  readonly flags: readonly string[];
}

/** What was made. */
export interface NativeBuild {
  readonly content: Uint8Array;
  /** With its version. */
  readonly compiler: string;
  /** SHA-256 of sources, flags and compiler, as hex: an unchanged program is not built again. */
  readonly sources: string;
}

/** What stands beside the file about it. */
export interface NativeRecord {
  /** Follows the name of the file. */
  readonly suffix: string;
  write(build: NativeBuild): string;
  /** @returns what `write` was given as `sources`; undefined for anything that it does not write */
  readSources(record: Uint8Array): string | undefined;
}

const run = promisify(execFile);

/** @returns the compiler with its version, such as `gcc-14 14.2.0`; undefined when it is not installed */
async function compilerVersion(compiler: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(compiler, ['-dumpfullversion', '-dumpversion']);
    return `${compiler} ${stdout.trim().split('\n')[0]}`;
  } catch {
    return undefined;
  }
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /\.[chS]$/.test(name))
    .toSorted();
}

function digestOfSources({ sources, flags }: NativeProgram, compiler: string): string {
  const hash = createHash('sha256').update(JSON.stringify([compiler, flags]));
  for (const name of sourceFiles(sources)) hash.update(`\n${name}\n`).update(readFileSync(join(sources, name)));
  return hash.digest('hex');
}

/** @throws Error with the compiler's words */
export async function compileNative(
  compiler: string,
  { sources, flags }: Pick<NativeProgram, 'sources' | 'flags'>,
  out: string,
): Promise<void> {
  const units = sourceFiles(sources).filter((name) => !name.endsWith('.h'));
  await run(compiler, [...flags, '-o', out, ...units], { cwd: sources });
}

/** Builds a program into a folder, and its record beside it. Without a compiler, or a change, nothing happens. */
export async function buildNative(program: NativeProgram, folder: string, record: NativeRecord): Promise<void> {
  for (const name of compilers) {
    const compiler = await compilerVersion(name);
    if (compiler === undefined) continue;
    const path = join(folder, program.name);
    const recordPath = `${path}${record.suffix}`;
    const sources = digestOfSources(program, compiler);
    const isThere = existsSync(path) && existsSync(recordPath);
    if (isThere && record.readSources(readFileSync(recordPath)) === sources) return;
    const work = mkdtempSync(join(tmpdir(), 'enclos-native-'));
    try {
      const made = join(work, program.name);
      await compileNative(name, program, made);
      const content = readFileSync(made);
      await durable.replace(path, content, { mode: 0o755, folderMode: 0o755, isCache: true });
      await durable.replace(recordPath, record.write({ content, compiler, sources }), { mode: 0o644, isCache: true });
    } finally {
      rmSync(work, { recursive: true });
    }
    return;
  }
}
