import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFolder } from '@enclos/testkit';

const sdkFolder = fileURLToPath(new URL('../../../../../sdk/go', import.meta.url));

/** The `go` of PATH, or Debian's, which is not there. */
const goCommand = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/lib/go-1.24/bin']
  .map((folder) => join(folder, 'go'))
  .find((path) => existsSync(path));

/** Why tests with Go programs are skipped here, visibly; with CI set they run, and fail. */
export const goSkip =
  goCommand === undefined && process.env['CI'] === undefined && 'needs Go (apt-get install golang-1.24-go)';

/** Builds a program of the SDK's module, statically, once in a run of the tests. @returns its path */
export function buildGoProgram(name: string): string {
  if (goCommand === undefined) throw new Error('There is no Go here: apt-get install golang-1.24-go.');
  const output = join(runFolder('go'), name.replaceAll('/', '-'));
  const flags = ['build', '-trimpath', '-buildvcs=false', '-o', output, `./${name}`];
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOTOOLCHAIN: 'local', GOPROXY: 'off', GOWORK: 'off' };
  const built = spawnSync(goCommand, flags, { cwd: sdkFolder, env, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`go build ./${name}: ${built.stderr}`);
  return output;
}
