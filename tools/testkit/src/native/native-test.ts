import { spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';

import { testWithPrograms } from '../programs.ts';

/** By version: the unversioned names may be of older compilers. */
const compilers = ['gcc-14', 'clang-19'];

/** The compilers of C that are here. */
export const nativeCompilers: readonly string[] = compilers.filter(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

const absence = nativeCompilers.length === 0 ? `needs ${compilers.join(' or ')} (apt-get install gcc-14)` : undefined;

/** A test of code for x86-64 that needs a compiler of C. Without one it is skipped, visibly; in CI that fails. On other processors it is skipped. */
export function nativeTest(name: string, body: (t: TestContext) => Promise<void> | void): void {
  if (process.arch !== 'x64') return void test(name, { skip: 'is for x86-64' }, () => undefined);
  testWithPrograms(name, { absence, failure: (reason) => `This test ${reason}.` }, body);
}
