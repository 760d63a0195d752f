import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { editSource } from './edits.ts';
import { sourceFiles, type QuickJsSource } from './source.ts';
import { compiler, target } from './toolchain.ts';

const run = promisify(execFile);

/** Our glue in C, which the package carries. */
export const nativeFolder = fileURLToPath(new URL('../../../native/', import.meta.url));

const compileFlags: readonly string[] = [
  target,
  '-O2',
  '-std=gnu11',
  '-fwrapv',
  '-funsigned-char',
  '-D_GNU_SOURCE',
  '-DCONFIG_VERSION="2025-04-26"',
  '-Inative/include',
  '-Inative',
  '-Iquickjs',
  // Every runtime has these instructions, which the compiler does not assume: conversions to integers without a branch.
  '-mnontrapping-fptoint',
  '-Wall',
  '-Werror',
];
/** The linker compiles, with all units in sight: steps are counted in place. */
const linkedFlags = ['-flto'] as const;
/** QuickJS is as it is. */
const theirFlags = ['-Wno-everything'] as const;
const stepFlags = [
  // Edges, and not blocks: the block of a plain loop leads to all its successors, and is left out of those that count.
  '-fsanitize-coverage=trace-pc,edge',
  '-fsanitize-coverage-allowlist=native/steps.txt',
  '-fsanitize-coverage-ignorelist=native/no-steps.txt',
] as const;
const linkFlags: readonly string[] = [
  target,
  '-mexec-model=reactor',
  // For the linker only: at such a level clang would run Binaryen where that is installed, and the bytes would differ.
  '-Wl,-O2,--lto-O2',
  // The stack lies first: whatever overflows it leaves the memory, and traps.
  '-Wl,--stack-first,-z,stack-size=2097152,--export=__stack_pointer,--strip-all',
];

/** Each becomes an object file. */
const units: readonly (readonly [source: string, flags: readonly string[]])[] = [
  ...['cutils', 'dtoa', 'libregexp', 'libunicode'].map(
    (name) => [`quickjs/${name}.c`, [...theirFlags, ...stepFlags, ...linkedFlags]] as const,
  ),
  ['native/engine.c', [...theirFlags, ...stepFlags, ...linkedFlags]],
  ['native/steps.c', linkedFlags],
  // What code of the linker may call must not be code of the linker: memcpy and the like.
  ['native/limits.c', ['-fno-builtin', '-mbulk-memory']],
];

/** All that makes the bytes what they are, beside sources and tools. */
export const buildFlags: readonly string[] = [...compileFlags, ...units.flat(2), ...linkFlags];

/** Puts the edited source and the glue side by side, as the flags expect them. */
export function layOut(source: QuickJsSource, work: string): void {
  mkdirSync(join(work, 'quickjs'));
  for (const name of sourceFiles) {
    writeFileSync(join(work, 'quickjs', name), editSource(name, readFileSync(join(source.folder, name), 'utf8')));
  }
  cpSync(nativeFolder, join(work, 'native'), { recursive: true });
}

/**
 * Compiles the interpreter. Names are relative to the folder, so that the same sources give the same bytes wherever that is.
 * @throws Error with the compiler's words
 */
export async function compileQuickJs(source: QuickJsSource, work: string): Promise<Uint8Array> {
  layOut(source, work);
  const objects = units.map((_, index) => `${index}.o`);
  await Promise.all(
    units.map(([unit, flags], index) =>
      run(compiler, [...compileFlags, ...flags, '-c', unit, '-o', `${index}.o`], { cwd: work }),
    ),
  );
  await run(compiler, [...linkFlags, '-o', 'out.wasm', ...objects], { cwd: work });
  return readFileSync(join(work, 'out.wasm'));
}
