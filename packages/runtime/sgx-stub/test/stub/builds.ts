import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeCompilers, runFolder } from '@enclos/testkit';
import { compileStub, nativeFolder } from '../../src/building/compile.ts';

/** Tests run the real stub. */
export { nativeCompilers as compilers, nativeTest as stubTest } from '@enclos/testkit';

const [compiler = 'gcc-14'] = nativeCompilers;

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
