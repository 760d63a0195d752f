import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runFolder, startProgram } from '@enclos/testkit';

const compiler = 'gcc-14';
const isHere = spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;

/** A test that needs a compiler of C; skipped without one, but not in CI. */
export function compilerTest(name: string, run: (t: TestContext) => Promise<void>): void {
  const skip = !isHere && process.env['CI'] === undefined && `needs ${compiler} (apt-get install ${compiler})`;
  test(name, { skip }, run);
}

/** Compiles a program of C, runs it, and gives what it prints. */
export async function runC(source: string, input?: Uint8Array): Promise<string> {
  const folder = mkdtempSync(join(runFolder('edl-compiler-c'), 'program-'));
  try {
    writeFileSync(join(folder, 'program.c'), source);
    writeFileSync(join(folder, 'input'), input ?? '');
    const flags = ['-std=gnu11', '-O0', '-w', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    await succeed([compiler, ...flags, '-o', 'program', 'program.c'], folder);
    return await succeed([join(folder, 'program'), 'input'], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function succeed(command: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await startProgram(command, { cwd }).ended;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr.slice(0, 4000)}`);
  return stdout;
}
