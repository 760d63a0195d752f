import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadDefinitions } from '../src/plugin/definitions.ts';
import { startDevicePlugin } from '../src/plugin/device-plugin.ts';
import { temporaryFolder, testResource } from './support.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** Where Debian has Go packages. */
const gopath = '/usr/share/gocode';
const tools = ['go', 'protoc', 'protoc-gen-go', 'protoc-gen-go-grpc'];
const packages = 'golang-go golang-google-grpc-dev protobuf-compiler protoc-gen-go protoc-gen-go-grpc';

/** 606 MB with what they need: too much for every run of CI, so this is for whoever has them. */
function skipped(): string | false {
  const missing = tools.some((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  const hasGrpc = existsSync(join(gopath, 'src/google.golang.org/grpc'));
  return missing || !hasGrpc ? `absent: apt-get install --no-install-recommends ${packages}` : false;
}

test('a kubelet in Go, on grpc-go, says the same of the device plugin', { skip: skipped() }, async (t) => {
  const folder = temporaryFolder();
  const program = build(join(folder, 'go'));
  const sockets = join(folder, 'kubelet');
  mkdirSync(sockets);
  const resource = testResource({ 'test-0': 'Healthy', 'test-1': 'Healthy', 'test-2': 'Healthy' });
  let refusals = 0;
  const plugin = startDevicePlugin({
    definitions: loadDefinitions(),
    resource,
    folder: sockets,
    allocated: (outcome) => void (refusals += outcome === 'refused' ? 1 : 0),
    events: { registered: () => undefined, lost: () => undefined, failed: () => undefined },
  });
  t.after(() => plugin.close());
  const kubelet = spawn(program, [sockets, resource.name], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, errors] = ['', ''];
  kubelet.stdout.on('data', (text: Buffer) => (out += text.toString()));
  kubelet.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  assert.deepEqual(await once(kubelet, 'close'), [0, null], errors);
  t.diagnostic(out.trim());
  const { allocateMs: _allocateMs, registeredAgainMs, ...facts } = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual(facts, {
    allocations: 400,
    devices: 3,
    preStartContainer: 'Unimplemented',
    unknownDevice: 'NotFound',
  });
  assert.ok(Number(registeredAgainMs) < 1000, `${String(registeredAgainMs)} ms`);
  assert.equal(resource.allocations.length, 400);
  assert.equal(refusals, 1);
});

/** Without modules, which Go would look for on the network: the packages are those of Debian, and one of our proto. */
function build(folder: string): string {
  const generated = join(folder, 'src/enclos/v1beta1');
  mkdirSync(generated, { recursive: true });
  const proto = 'device-plugin-v1beta1.proto';
  const named = ['go', 'go-grpc'].flatMap((kind) => [
    `--${kind}_out=${generated}`,
    `--${kind}_opt=paths=source_relative,M${proto}=enclos/v1beta1`,
  ]);
  run('protoc', [`--proto_path=${at('proto')}`, ...named, proto]);
  const program = join(folder, 'kubelet');
  run('go', ['build', '-o', program, at('second-opinion/kubelet.go')], {
    GO111MODULE: 'off',
    GOFLAGS: '',
    GOPATH: `${folder}:${gopath}`,
  });
  return program;
}

function run(command: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  const { status, stderr } = spawnSync(command, words, { env: { ...process.env, ...env }, encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stderr}`);
}
