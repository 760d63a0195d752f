import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gramineProgram } from '@enclos/gramine';
import { parse } from 'smol-toml';
import { copyFiles } from '../../../src/commands/gramine/copy-files.ts';
import { writeGramineManifest } from '../../../src/index.ts';
import { errorOf, temporaryFolder } from '../../cli.ts';
import { interpreter, libraries, machine, sha256Of } from './machine.ts';

interface ParsedManifest {
  readonly libos: { readonly entrypoint: string };
  readonly loader: {
    readonly entrypoint: { readonly uri: string; readonly sha256: string };
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, unknown>>;
  };
  readonly fs: { readonly mounts: readonly { readonly path: string; readonly uri: string }[] };
  readonly sgx: Readonly<Record<string, unknown>> & {
    readonly trusted_files: readonly { readonly uri: string; readonly sha256: string }[];
  };
}

/** What Gramine, which has its own reader, sees of a text. */
const parsed = (text: string): ParsedManifest => JSON.parse(JSON.stringify(parse(text))) as ParsedManifest;

const pathOf = (uri: string): string => uri.replace(/^file:/, '');
const library = (path: string): string => sha256Of(libraries[path] ?? '');

describe('enclos gramine manifest', () => {
  test('writes manifest, copies and reference values into one folder', async () => {
    const { run, at, read, folder } = machine();
    const ran = await run('--out', 'out');
    assert.equal(ran.code, 0, ran.stderr);
    const names = readdirSync(at('out'), { recursive: true }).map(String).sort();
    const copies = ['lib', 'lib/libgcc_s.so.1', 'lib/libstdc++.so.6', 'node', 'vault.sgxs'];
    assert.deepEqual(names, ['enclos-gramine.mjs', ...copies, 'vault.manifest', 'vault.reference-values.json'].sort());
    assert.deepEqual(readFileSync(at('out/node')), Buffer.from(interpreter));
    assert.deepEqual(readFileSync(at('out/enclos-gramine.mjs')), readFileSync(gramineProgram));
    assert.deepEqual(
      [statSync(at('out/node')).mode & 0o777, statSync(at('out/vault.sgxs')).mode & 0o777],
      [0o755, 0o644],
    );
    assert.ok(ran.stdout.includes(`wrote ${folder}/out/vault.manifest\n`));
    assert.match(ran.stderr, /for Gramine 1\.9, and not yet run on hardware/);
    assert.match(ran.stdout, /\n {2}gramine-sgx-sign --manifest \S+\/out\/vault\.manifest .* --key KEY\.pem\n$/);
    assert.equal(parsed(read('out/vault.manifest')).sgx['debug'], false);
  });

  test('names all that is needed and nothing else, each by the hash of what is there', async () => {
    const { run, at, read } = machine();
    await run('--out', 'out');
    const { loader, libos, fs, sgx } = parsed(read('out/vault.manifest'));
    const wanted = Object.fromEntries([
      [at('out/node'), sha256Of(interpreter)],
      [at('out/vault.sgxs'), sha256Of(readFileSync(at('vault.sgxs')))],
      [at('out/enclos-gramine.mjs'), sha256Of(readFileSync(gramineProgram))],
      [at('out/lib/libgcc_s.so.1'), library('libraries/libgcc_s.so.1')],
      [at('out/lib/libstdc++.so.6'), library('libraries/libstdc++.so.6')],
      ...['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'].map((name) => [
        at(`gramine/runtime/glibc/${name}`),
        library(`gramine/runtime/glibc/${name}`),
      ]),
    ]) as Readonly<Record<string, string>>;
    assert.deepEqual(Object.fromEntries(sgx.trusted_files.map(({ uri, sha256 }) => [pathOf(uri), sha256])), wanted);
    assert.equal(sgx.trusted_files.length, 10);
    assert.deepEqual(
      fs.mounts.map(({ path, uri }) => [path, uri]),
      sgx.trusted_files.map(({ uri }) => [pathOf(uri), uri]),
    );
    assert.deepEqual(loader.entrypoint, {
      uri: `file:${at('gramine/libsysdb.so')}`,
      sha256: library('gramine/libsysdb.so'),
    });
    assert.deepEqual([libos.entrypoint, loader.argv[0]], [at('out/node'), at('out/node')]);
    assert.deepEqual(loader.argv.slice(-2), [at('out/enclos-gramine.mjs'), at('out/vault.sgxs')]);
    assert.deepEqual(loader.env, { LD_LIBRARY_PATH: `${at('gramine/runtime/glibc')}:${at('out/lib')}` });
    assert.ok(['allowed_files', 'insecure__'].every((word) => !read('out/vault.manifest').includes(word)));
  });

  test('takes mode, product and version from the image, and the rest from options', async () => {
    const { run, read } = machine({ manifest: { debug: true } });
    const ran = await run('--out', 'out', '--enclave-size', '4096M', '--threads', '64', '--edmm', '--host-eventfd');
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /a debug enclave: anyone who starts it can read everything inside/);
    const text = read('out/vault.manifest');
    const { debug, isvprodid, isvsvn, enclave_size: size, max_threads: threads, edmm_enable: edmm } = parsed(text).sgx;
    assert.deepEqual([debug, isvprodid, isvsvn, size, threads, edmm], [true, 7, 2, '4096M', 64, true]);
    assert.match(text, /^sys\.insecure__allow_eventfd = true$/m);
  });

  for (const [heapMiB, size] of [
    [16, '2048M'],
    [512, '2048M'],
    [513, '4096M'],
    [1536, '4096M'],
    [65_536, '262144M'],
  ] as const) {
    test(`gives a heap of ${heapMiB} MiB an enclave of ${size}`, async () => {
      const { run } = machine({ manifest: { heapSizeBytes: BigInt(heapMiB) * 2n ** 20n } });
      assert.equal(parsed((await run('--print')).stdout).sgx['enclave_size'], size);
    });
  }

  test('with --at names where the copies will be, and copies to where they are', async () => {
    const { run, at, read } = machine();
    for (const place of ['/opt/vault', '/opt/vault/']) {
      await run('--out', 'out', '--at', place);
      const { loader, sgx } = parsed(read('out/vault.manifest'));
      assert.deepEqual(loader.argv.slice(-2), ['/opt/vault/enclos-gramine.mjs', '/opt/vault/vault.sgxs']);
      assert.equal(loader.env['LD_LIBRARY_PATH'], `${at('gramine/runtime/glibc')}:/opt/vault/lib`);
      assert.ok(sgx.trusted_files.some(({ uri }) => uri === 'file:/opt/vault/lib/libstdc++.so.6'));
    }
    assert.ok(existsSync(at('out/lib/libstdc++.so.6')));
    assert.equal(parsed((await run('--at', '/', '--print')).stdout).loader.argv[0], '/node');
  });

  test('writes the same bytes again, also elsewhere', async () => {
    const [one, other] = [machine(), machine()];
    const gramine = ['--gramine', one.at('gramine')];
    await one.run('--out', 'out', '--at', '/opt/vault', ...gramine);
    const first = one.read('out/vault.manifest');
    await one.run('--out', 'out', '--at', '/opt/vault', ...gramine);
    assert.equal(one.read('out/vault.manifest'), first);
    await other.run('--out', 'elsewhere', '--at', '/opt/vault', ...gramine);
    assert.equal(other.read('elsewhere/vault.manifest'), first);
  });

  test('with --print prints the manifest that it would write, and writes nothing', async () => {
    const { run, read, folder } = machine();
    const before = readdirSync(folder).sort();
    const printed = await run('--print', '--out', 'out');
    assert.deepEqual(readdirSync(folder).sort(), before);
    assert.match(printed.stderr, /not yet run on hardware/);
    const json = (await run('--print', '--json', '--out', 'out')).json();
    assert.equal(json['manifest'], printed.stdout);
    await run('--out', 'out');
    assert.equal(printed.stdout, read('out/vault.manifest'));
  });

  test('without --out writes beside the image', async () => {
    const { run, at } = machine();
    await run();
    assert.ok(existsSync(at('gramine/vault.manifest')));
  });

  test('with --json says which files are measured, where they are and will be', async () => {
    const { run, at } = machine();
    const json = (await run('--out', 'out', '--at', '/opt/vault', '--json')).json();
    const files = json['files'] as readonly Readonly<Record<string, unknown>>[];
    const roles = files.map(({ role }) => role);
    assert.deepEqual(roles, ['libos', 'interpreter', ...Array<string>(7).fill('library'), 'program', 'image']);
    assert.deepEqual(files[1], {
      role: 'interpreter',
      source: at('interpreter'),
      path: '/opt/vault/node',
      copy: 'node',
      sha256: sha256Of(interpreter),
    });
    assert.deepEqual([json['name'], json['debug'], json['manifest']], ['vault', false, at('out/vault.manifest')]);
  });

  test('is a function too', async () => {
    const { at } = machine();
    const outcome = await writeGramineManifest({
      target: at('vault.sgxs'),
      gramineFolder: at('gramine'),
      libraryFolder: at('libraries'),
      interpreter: at('interpreter'),
    });
    assert.equal(outcome.values.platforms.gramine, null);
    assert.deepEqual(outcome.signCommand.slice(0, 3), ['gramine-sgx-sign', '--manifest', outcome.manifest]);
  });
});

describe('libraries', () => {
  test('that are links are taken for what they lead to', async () => {
    const { run, at, write } = machine();
    write('libraries/libstdc++.so.6.0.33', libraries['libraries/libstdc++.so.6'] ?? '');
    rmSync(at('libraries/libstdc++.so.6'));
    symlinkSync('libstdc++.so.6.0.33', at('libraries/libstdc++.so.6'));
    assert.equal((await run('--out', 'out')).code, 0);
    assert.equal(sha256Of(readFileSync(at('out/lib/libstdc++.so.6'))), library('libraries/libstdc++.so.6'));
  });
});

describe('copies', () => {
  test('into what is not a folder are an error of the system', async () => {
    const { run, write, read } = machine();
    write('out', 'a file');
    const ran = await run('--out', 'out', '--json');
    assert.deepEqual([ran.code, errorOf(ran).code, read('out')], [1, 'CLI_SYSTEM_REFUSED', 'a file']);
  });

  test('of a file that changed meanwhile are refused, and not left under its name', async () => {
    const { at } = machine();
    const out = temporaryFolder();
    const file = { role: 'image', source: at('vault.sgxs'), path: '/vault.sgxs', copy: 'lib/vault.sgxs' } as const;
    await assert.rejects(copyFiles([{ ...file, sha256: '0'.repeat(64) }], out), { code: 'CLI_FILE_INVALID' });
    assert.deepEqual(readdirSync(join(out, 'lib')), []);
    await copyFiles([{ ...file, sha256: sha256Of(readFileSync(at('vault.sgxs'))) }], out);
    assert.deepEqual(readdirSync(join(out, 'lib')), ['vault.sgxs']);
  });
});
