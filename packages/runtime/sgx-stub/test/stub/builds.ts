import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runFolder } from '@enclos/testkit';
import { compileStub, nativeFolder, stubCompilers } from '../../src/building/compile.ts';

const isHere = (name: string): boolean => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;

/** The compilers of this machine that can build the stub. */
export const compilers: readonly string[] = stubCompilers.filter(isHere);
const [compiler = 'gcc-14'] = compilers;

const isRightMachine = process.arch === 'x64' && process.platform === 'linux';
const absence = isRightMachine ? `needs ${stubCompilers.join(' or ')} (apt-get install gcc-14)` : 'needs x86-64 Linux';
const isRun = compilers.length > 0 && isRightMachine;

/** A test that runs the real stub: skipped without a compiler of it, but not in CI. */
export function stubTest(name: string, run: (t: TestContext) => Promise<void> | void): void {
  test(name, { skip: !isRun && (!isRightMachine || process.env['CI'] === undefined) && absence }, run);
}

const made = new Map<string, Promise<string>>();

/** Makes a file once a run, whole. */
function once(name: string, make: (path: string) => Promise<void> | void): Promise<string> {
  const making = made.get(name) ?? makeFile(name, make);
  made.set(name, making);
  return making;
}

async function makeFile(name: string, make: (path: string) => Promise<void> | void): Promise<string> {
  const path = join(runFolder('sgx-stub'), name);
  if (existsSync(path)) return path;
  const unfinished = `${path}.${process.pid}`;
  await make(unfinished);
  renameSync(unfinished, path);
  return path;
}

/** The path of a stub, built with macros for tests. */
export function stubWith(defines: readonly string[] = [], by: string = compiler): Promise<string> {
  const name = ['stub', by, ...defines.map((define) => define.replaceAll(/[^A-Z0-9_]/g, '_'))].join('-');
  return once(name, (path) => compileStub(by, path, defines));
}

const nativeTests = fileURLToPath(new URL('../../../test/native/', import.meta.url));

/** The parts of the stub that read what others send, under sanitizers: see hosted.c. */
export function hostedParsers(): Promise<string> {
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-sanitize=alignment'];
  const sources = [join(nativeTests, 'hosted.c'), ...['boot.c', 'request.c'].map((name) => join(nativeFolder, name))];
  return once('hosted', (out) => {
    const words = ['-std=gnu11', '-O1', '-g', ...sanitizers, `-I${nativeFolder}`, ...sources, '-o', out];
    execFileSync(compiler, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  });
}

/** The code of the test enclave. */
export async function enclaveCode(): Promise<Uint8Array> {
  const words = ['-nostdlib', '-static', '-Wl,--oformat=binary,-Ttext=0,--build-id=none'];
  const path = await once('enclave.bin', (out) => {
    execFileSync(compiler, [...words, '-o', out, join(nativeTests, 'enclave.S')]);
  });
  return readFileSync(path);
}
