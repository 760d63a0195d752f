import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testWithPrograms } from './programs.ts';
import { runFolder } from './run-folder.ts';

/** Where Debian has Go packages. */
const gopath = '/usr/share/gocode';
const hasAll =
  spawnSync('go', ['version']).status === 0 &&
  spawnSync('kustomize', ['version']).status === 0 &&
  existsSync(join(gopath, 'src/github.com/Masterminds/sprig'));
const absence = hasAll
  ? undefined
  : 'absent: apt-get install --no-install-recommends golang-go golang-github-masterminds-sprig-dev kustomize';

/** A chart to render, as `helm template` does. */
export interface ChartRequest {
  /** Its folder. */
  readonly chart: string;
  /** All of them, also those of values.yaml. */
  readonly values: object;
  /** The namespace of the release. */
  readonly namespace: string;
}

/** What turns sources of manifests into YAML. */
export interface ManifestPrograms {
  /** Go's text/template with Sprig, which Helm is made of. @returns the YAML of each chart */
  readonly renderCharts: (requests: readonly ChartRequest[]) => readonly string[];
  /** `kustomize build`. */
  readonly kustomize: (folder: string) => string;
}

/** Tests with Go and kustomize. Where these are not, they are skipped, visibly and counted; in CI that fails. */
export function chartTest(name: string, body: (programs: ManifestPrograms) => Promise<void> | void): void {
  const failure = (why: string): string => `Charts cannot be rendered: ${why}.`;
  testWithPrograms(name, { absence, failure }, () => body({ renderCharts, kustomize }));
}

function renderCharts(requests: readonly ChartRequest[]): readonly string[] {
  const program = join(runFolder('helm'), `render-${process.pid}`);
  if (!existsSync(program)) {
    // Without modules, which Go would look for on the network.
    run('go', ['build', '-o', program, fileURLToPath(new URL('../../helm/render.go', import.meta.url))]);
  }
  const lines = requests.map(({ chart, values, namespace }) =>
    JSON.stringify({ chart, values, release: { Name: 'release', Namespace: namespace, Service: 'Helm' } }),
  );
  const answers = run(program, [], lines.join('\n')).trim().split('\n');
  // The program writes one JSON text a line.
  return answers.map((line) => JSON.parse(line) as string);
}

function kustomize(folder: string): string {
  return run('kustomize', ['build', folder]);
}

function run(program: string, words: readonly string[], input = ''): string {
  const env = { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: gopath };
  const { status, stdout, stderr } = spawnSync(program, words, { env, input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
  return stdout;
}
