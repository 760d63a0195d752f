import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { testWithPrograms } from '../programs.ts';

/** The Go that tests use: that of Debian, by version, because `go` may be another. */
export const goProgram = '/usr/lib/go-1.24/bin/go';

const absence =
  spawnSync(goProgram, ['version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'needs Go 1.24 (apt-get install golang-1.24-go golang-1.24-src)';

/** Whether that Go is installed. */
export const goIsHere = absence === undefined;

/** A test that needs Go. Without it the test is skipped, visibly; in CI that fails. */
export function goTest(name: string, body: (t: TestContext) => Promise<void> | void): void {
  testWithPrograms(name, { absence, failure: (reason) => `This test ${reason}.` }, body);
}
