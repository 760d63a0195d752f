import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** By version: the unversioned names may be of an older compiler. */
const compilers = ['gcc-14', 'clang-19'];

const flags = [
  '-O1',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-ffreestanding',
  '-fno-stack-protector',
  '-mgeneral-regs-only',
  '-mno-red-zone',
  '-fno-asynchronous-unwind-tables',
  '-fcf-protection=none',
  '-fPIC',
  '-fvisibility=hidden',
  '-nostdlib',
  '-Wl,--build-id=none',
  '-Wl,-z,noexecstack',
];

const native = fileURLToPath(new URL('../../native/', import.meta.url));
const built = new Map<string, Uint8Array>();

/** Compiles a file of `native/` to a shared object; the same again is not compiled again. */
export function compileEnclave(file: string, definitions: Readonly<Record<string, number>>): Uint8Array {
  const defines = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`);
  return once([...flags, ...defines, '-shared', '-Wl,-e,enclave_entry', join(native, file)]);
}

/**
 * Machine code from assembly in the syntax of the GNU assembler, for address 0.
 *
 * @example
 * ```ts
 * const exits = assemble('mov $4, %eax\n.byte 0x0f, 0x01, 0xd7');
 * ```
 */
export function assemble(source: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-assembly-'));
  try {
    const path = join(folder, 'code.S');
    writeFileSync(path, `.text\n${source}\n`);
    return run([
      '-nostdlib',
      '-static',
      '-Wl,--build-id=none',
      '-Wl,--oformat=binary',
      '-Wl,-Ttext=0',
      '-Wl,-e,0',
      path,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function once(args: readonly string[]): Uint8Array {
  const key = args.join('\0');
  let bytes = built.get(key);
  if (bytes === undefined) built.set(key, (bytes = run(args)));
  return new Uint8Array(bytes);
}

function run(args: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-enclave-'));
  try {
    const output = join(folder, 'output');
    const compiler = compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
    if (compiler === undefined) throw new Error(`There is no compiler: ${compilers.join(' or ')}.`);
    const { status, stderr } = spawnSync(compiler, [...args, '-o', output], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${compiler} ended with ${status}: ${stderr.slice(0, 4000)}`);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
