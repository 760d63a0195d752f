import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readGoProgram } from '@enclos/elf';
import { goProgram, goTest } from '@enclos/testkit';
import { enclos, temporaryFolder, type Ran } from '../../cli.ts';

const main = 'package main\n\nfunc main() { print(greeting) }\n';
const greeting = 'package main\n\nconst greeting = "hello"\n';

function moduleWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryFolder();
  const all = {
    'go.mod': 'module example.com/greeter\n\ngo 1.21\n',
    'main.go': main,
    'greeting.go': greeting,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  return folder;
}

/** Go keeps what it compiled in the home of the user. */
const run = (argv: readonly string[], cwd: string): Promise<Ran> =>
  enclos(['go', ...argv.slice(0, 1), '--go', goProgram, ...argv.slice(1)], { cwd, env: process.env });

/** The code that an error shows. */
const codeOf = ({ stderr }: Ran): string | undefined => /\b(GO_[A-Z_]+)\b/.exec(stderr)?.[1];

goTest('builds a program that runs outside, and that says how it was built', async () => {
  const folder = moduleWith();
  const ran = await run(['build', '--out', 'out/greeter', '--json'], folder);
  assert.equal(ran.code, 0, ran.stderr);
  const { program, overlaySha256, goVersion } = ran.json();
  assert.equal(program, join(folder, 'out/greeter'));
  const file = readFileSync(join(folder, 'out/greeter'));
  const own = readGoProgram((at, length) => file.subarray(at, at + length));
  assert.deepEqual(own, { version: goVersion, overlaySha256 });
  assert.equal(spawnSync(join(folder, 'out/greeter'), { encoding: 'utf8' }).stderr, 'hello');
});

goTest('passes flags and tags on, and keeps its own', async () => {
  const folder = moduleWith({ 'greeting.go': `//go:build polite\n\n${greeting}` });
  const ran = await run(['build', '--json', '--', '-tags', 'polite', '-ldflags=-s', '.'], folder);
  assert.equal(ran.code, 0, ran.stderr);
  const file = readFileSync(String(ran.json()['program']));
  assert.ok(readGoProgram((at, length) => file.subarray(at, at + length))?.overlaySha256);
});

goTest('quotes what Go says of a mistake', async () => {
  const ran = await run(['build'], moduleWith({ 'greeting.go': 'package main\n' }));
  assert.deepEqual([ran.code, codeOf(ran)], [2, 'GO_BUILD_FAILED']);
  assert.match(ran.stderr, /main\.go:3:\d+: undefined: greeting/);
});

goTest('downloads nothing unless GOPROXY is set', async () => {
  const requires = 'module example.com/greeter\n\ngo 1.21\n\nrequire example.com/other v1.0.0\n';
  const ran = await run(
    ['build'],
    moduleWith({ 'go.mod': requires, 'greeting.go': 'package main\n\nimport _ "example.com/other"\n' }),
  );
  assert.equal(codeOf(ran), 'GO_BUILD_FAILED');
  assert.match(ran.stderr, /GOPROXY=off/);
});

goTest('runs tests, and its exit code says how they went', async () => {
  const text = (body: string): string => `package main\n\nimport "testing"\n\nfunc TestIt(t *testing.T) { ${body} }\n`;
  const good = await run(['test'], moduleWith({ 'main_test.go': text('') }));
  assert.deepEqual([good.code, /^ok/m.test(good.stderr)], [0, true]);
  const bad = await run(['test'], moduleWith({ 'main_test.go': text('t.Fatal("planted")') }));
  assert.deepEqual([bad.code, /planted/.test(bad.stderr)], [1, true]);
});

test('a folder without a module is refused', async () => {
  const ran = await run(['build'], temporaryFolder());
  assert.ok(['GO_BUILD_FAILED', 'GO_NOT_FOUND'].includes(codeOf(ran) ?? ''), ran.stderr);
});

test('a Go that is not there is refused', async () => {
  const ran = await enclos(['go', 'build', '--go', '/nowhere/go'], { cwd: moduleWith() });
  assert.equal(codeOf(ran), 'GO_NOT_FOUND');
});

const project = {
  name: 'greeter',
  productId: 1,
  securityVersion: 1,
  heapSize: 64,
  program: { file: 'bin/greeter' },
};

goTest('builds the image of a project, which names Go, the overlay and the limit of its memory', async () => {
  const folder = moduleWith({ 'enclave.json': JSON.stringify(project) });
  const ran = await run(['build', '--json'], folder);
  assert.equal(ran.code, 0, ran.stderr);
  const { image, program, overlaySha256 } = ran.json();
  assert.equal(program, join(folder, 'bin/greeter'));
  const shown = await enclos(['inspect', String(image)], { cwd: folder });
  assert.match(shown.stdout, /version +go1\.24/);
  assert.ok(shown.stdout.includes(String(overlaySha256)), shown.stdout);
  assert.match(shown.stdout, /GOMEMLIMIT +57MiB/);
  const report: unknown = JSON.parse(readFileSync(join(folder, '.enclos/greeter.report.json'), 'utf8'));
  assert.ok(JSON.stringify(report).includes(`"inputs":[{"name":"overlay","sha256":"${String(overlaySha256)}"}]`));
});

goTest('runs only what enclave.json names', async () => {
  const ran = await run(['run'], moduleWith());
  assert.deepEqual([ran.code, codeOf(ran)], [2, 'GO_PROJECT_MISSING']);
});

goTest('builds beside the enclave.json of EGo as Go does, and leaves its image to `enclos ego sign`', async () => {
  const config = { exe: 'other', key: 'private.pem', heapSize: 64 };
  const folder = moduleWith({ 'enclave.json': JSON.stringify(config) });
  const ran = await run(['build', '--json'], folder);
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual([ran.json()['program'], ran.json()['image']], [join(folder, 'greeter'), undefined]);
  const named = await run(['build', '--json', '--', '-o=bin/tool', '.'], folder);
  assert.equal(named.json()['program'], join(folder, 'bin/tool'));
  const running = await run(['run'], folder);
  assert.deepEqual([running.code, codeOf(running)], [2, 'GO_PROJECT_MISSING']);
  assert.match(running.stderr, /enclos ego run/);
});

goTest('leaves a limit of memory as enclave.json declares it', async () => {
  const env = [{ name: 'GOMEMLIMIT', value: '16MiB' }];
  const folder = moduleWith({ 'enclave.json': JSON.stringify({ ...project, env }) });
  const ran = await run(['build', '--json'], folder);
  assert.equal(ran.code, 0, ran.stderr);
  const shown = await enclos(['inspect', String(ran.json()['image'])], { cwd: folder });
  assert.match(shown.stdout, /GOMEMLIMIT +16MiB/);
  assert.doesNotMatch(shown.stdout, /57MiB/);
});
