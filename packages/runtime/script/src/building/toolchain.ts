import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const compiler = 'clang-19';
export const target = '--target=wasm32-wasi';
/** What else a build needs is in packages whose files are linked: their content says what they are. */
const libcPath = '/usr/lib/wasm32-wasi/libc.a';

/** What builds the interpreter. */
export interface Toolchain {
  /** Compiler and linker with their versions. */
  readonly name: string;
  /** SHA-256 of what is linked from the machine, as hex. */
  readonly libraries: string;
}

/** @returns undefined when something of it is not installed */
export async function findToolchain(): Promise<Toolchain | undefined> {
  try {
    const [clang, linker, runtime] = await Promise.all([
      run(compiler, ['--version']),
      run('wasm-ld-19', ['--version']),
      run(compiler, [target, '-print-libgcc-file-name']),
    ]);
    const libraries = [libcPath, runtime.stdout.trim()];
    if (!libraries.every((path) => existsSync(path))) return undefined;
    const digest = createHash('sha256');
    for (const path of libraries) digest.update(readFileSync(path));
    return { name: `${firstLine(clang.stdout)}, ${firstLine(linker.stdout)}`, libraries: digest.digest('hex') };
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}
