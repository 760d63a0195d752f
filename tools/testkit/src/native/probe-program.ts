import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCompilers } from './native-test.ts';
import { runFolder } from '../run-folder.ts';

/**
 * The path of a static program that makes the system calls that it is told to, and speaks the protocols of an enclave: `native/probe.c` says
 * how. It is for x86-64, and is compiled once for each run of tests.
 */
export function probeProgram(): string {
  return compiled(
    'probe',
    '-O1 -masm=intel -static -nostdlib -ffreestanding -fno-stack-protector -fno-builtin -Wall -Wextra -Werror',
  );
}

/** The path of an ordinary static program of the C library, which uses sockets: see `native/private.c`. Compiled as the other. */
export function privateProgram(): string {
  const header = fileURLToPath(new URL('../../../../../sdk/c', import.meta.url));
  return compiled('private', `-O1 -static -Wall -Wextra -Werror -I${header}`);
}

function compiled(name: string, flags: string): string {
  const path = join(runFolder('probe-program'), name);
  if (existsSync(path)) return path;
  const [compiler = 'gcc-14'] = nativeCompilers;
  const source = fileURLToPath(new URL(`../../../native/${name}.c`, import.meta.url));
  const made = `${path}.${process.pid}`;
  // The linker warns of getaddrinfo(3) in static programs, which is what is tried.
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  execFileSync(compiler, [...flags.split(' '), '-Wl,--build-id=none', '-o', made, source], { stdio: [...stdio] });
  renameSync(made, path);
  return path;
}
