import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runFolder, startProgram } from '@enclos/testkit';

const compiler = 'gcc-14';
const flags = ['-std=gnu11', '-O0', '-w', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const isHere = spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0;

// The programs run for a moment, and free nothing.
const env = { ASAN_OPTIONS: 'detect_leaks=0' };

/** A test that needs a compiler of C; skipped without one, but not in CI. */
export function compilerTest(name: string, run: (t: TestContext) => Promise<void>): void {
  const skip = !isHere && process.env['CI'] === undefined && `needs ${compiler} (apt-get install ${compiler})`;
  test(name, { skip }, run);
}

/** A program of C, compiled. */
export interface CProgram {
  /** Gives it a file, and gives back what it prints and what it writes to another file. */
  readonly run: (input?: Uint8Array) => Promise<{ readonly printed: string; readonly output: Uint8Array }>;
  readonly remove: () => void;
}

export async function compileC(source: string): Promise<CProgram> {
  const folder = mkdtempSync(join(runFolder('edl-calls-c'), 'program-'));
  writeFileSync(join(folder, 'program.c'), source);
  await succeed([compiler, ...flags, '-o', 'program', 'program.c'], folder);
  return {
    async run(input = new Uint8Array()) {
      writeFileSync(join(folder, 'input'), input);
      writeFileSync(join(folder, 'output'), '');
      const printed = await succeed([join(folder, 'program'), 'input', 'output'], folder);
      return { printed, output: readFileSync(join(folder, 'output')) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function succeed(command: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await startProgram(command, { cwd, env }).ended;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr.slice(0, 4000)}`);
  return stdout;
}
