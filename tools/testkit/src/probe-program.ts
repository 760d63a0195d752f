import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCompilers } from './native-test.ts';
import { runFolder } from './run-folder.ts';

/**
 * The path of a static program that makes the system calls that it is told to, and speaks the protocols of an enclave: `native/probe.c` says
 * how. It is for x86-64, and is compiled once for each run of tests.
 */
export function probeProgram(): string {
  const path = join(runFolder('probe-program'), 'probe');
  if (existsSync(path)) return path;
  const [compiler = 'gcc-14'] = nativeCompilers;
  const source = fileURLToPath(new URL('../../native/probe.c', import.meta.url));
  const made = `${path}.${process.pid}`;
  const flags =
    '-O1 -masm=intel -static -nostdlib -ffreestanding -fno-stack-protector -fno-builtin -Wall -Wextra -Werror';
  execFileSync(compiler, [...flags.split(' '), '-Wl,--build-id=none', '-o', made, source]);
  renameSync(made, path);
  return path;
}
