import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Attribute, parseSigstruct } from '@enclos/sgx';
import { errorOf } from '../../cli.ts';
import { interpreter, machine, sha256Of, type Machine } from './machine.ts';

describe('Gramine’s signature', () => {
  const gramine = { mrEnclave: '6a'.repeat(32) };
  const values = (text: string) => JSON.parse(text) as { platforms: Record<string, unknown> } & Record<string, unknown>;

  test('that is not there yet leaves its place empty', async () => {
    const { run, at, read } = machine();
    await run('--out', 'out');
    const { platforms, ...rest } = values(read('out/vault.reference-values.json'));
    assert.deepEqual(rest, { version: 1, name: 'vault', productId: 7, securityVersion: 2, debug: false });
    const mrSigner = sha256Of(parseSigstruct(readFileSync(at('vault.sig'))).modulus);
    assert.deepEqual(platforms, {
      software: { mrEnclave: sha256Of(readFileSync(at('vault.sgxs'))), mrSigner },
      gramine: null,
    });
  });

  test('gives its MRENCLAVE beside the one of the software platform', async () => {
    const { run, read, sign } = machine();
    await run('--out', 'out');
    sign();
    const ran = await run('--out', 'out');
    assert.equal(ran.code, 0, ran.stderr);
    assert.ok(!ran.stdout.includes('gramine-sgx-sign'));
    const { platforms } = values(read('out/vault.reference-values.json'));
    const { mrSigner } = platforms['software'] as { readonly mrSigner: string };
    const manifestSha256 = sha256Of(read('out/vault.manifest'));
    assert.deepEqual(platforms['gramine'], { ...gramine, mrSigner, manifestSha256 });
    assert.ok(ran.stdout.includes(gramine.mrEnclave));
  });

  const stale: readonly [what: string, message: RegExp, change: (on: Machine) => void, argv?: readonly string[]][] = [
    ['of other settings', /made from another manifest/, ({ sign }) => sign(), ['--threads', '64']],
    [
      'of a manifest that is gone',
      /made from another manifest/,
      ({ sign, at }) => {
        sign();
        rmSync(at('out/vault.manifest'));
      },
    ],
    [
      'without what it signed',
      /vault\.manifest\.sgx, which it would sign, is missing/,
      ({ sign, at }) => {
        sign();
        rmSync(at('out/vault.manifest.sgx'));
      },
    ],
    [
      'of a manifest with other files',
      /does not say what/,
      ({ sign, read, write }) => {
        sign();
        const signed = read('out/vault.manifest.sgx');
        write('out/vault.manifest.sgx', signed.replace(sha256Of(interpreter), '0'.repeat(64)));
      },
    ],
    [
      'of a manifest with one more file',
      /does not say what/,
      ({ sign, read, write }) => {
        sign();
        write('out/vault.manifest.sgx', `${read('out/vault.manifest.sgx')}# "${'0'.repeat(64)}"\n`);
      },
    ],
    [
      'of a manifest with another setting',
      /does not say what/,
      ({ sign, read, write }) => {
        sign();
        write('out/vault.manifest.sgx', read('out/vault.manifest.sgx').replace('max_threads = 32', 'max_threads = 33'));
      },
    ],
    ...[
      'sgx.allowed_files = ["file:/etc/hosts"]',
      'sgx."allowed_files" = ["file:/etc/hosts"]',
      'sgx.file_check_policy = "allow_all_but_log"',
      'loader.insecure__use_host_env = true',
      'loader.env_src_file = "file:/tmp/env"',
      'loader.env.HOME = { passthrough = true }',
      'fs.root = { type = "encrypted", uri = "file:/tmp/x" }',
    ].map((line): (typeof stale)[number] => [
      `of a manifest with ${line}`,
      /does not say what/,
      ({ sign, read, write }) => {
        sign();
        write('out/vault.manifest.sgx', `${line}\n${read('out/vault.manifest.sgx')}`);
      },
    ]),
    [
      'of the image itself',
      /signs the image for the software platform/,
      ({ sign, at }) => {
        sign({ enclaveHash: new Uint8Array(Buffer.from(sha256Of(readFileSync(at('vault.sgxs'))), 'hex')) });
      },
    ],
    [
      'of a debug enclave',
      /of a debug enclave/,
      ({ sign }) => sign({ attributes: { flags: Attribute.MODE64BIT | Attribute.DEBUG, xfrm: 3n } }),
    ],
    ['of another product', /of product 9/, ({ sign }) => sign({ isvProdId: 9 })],
    ['of another version', /security version 1/, ({ sign }) => sign({ isvSvn: 1 })],
  ];
  for (const [what, message, change, argv = []] of stale) {
    test(`${what} is refused, and nothing is written`, async () => {
      const on = machine();
      await on.run('--out', 'out');
      change(on);
      const state = (): readonly (readonly [string, number])[] =>
        readdirSync(on.at('out')).map((name) => [name, statSync(join(on.at('out'), name)).mtimeMs]);
      const before = state();
      const ran = await on.run('--out', 'out', '--json', ...argv);
      assert.deepEqual([ran.code, errorOf(ran).code], [3, 'CLI_SIGNATURE_MISMATCH']);
      assert.match(errorOf(ran).message, message);
      assert.deepEqual(state(), before);
    });
  }

  test('that was changed is refused', async () => {
    const { run, sign, at, write } = machine();
    await run('--out', 'out');
    sign();
    const signature = readFileSync(at('out/vault.sig'));
    write('out/vault.sig', signature.with(960, (signature[960] ?? 0) ^ 1));
    assert.equal(errorOf(await run('--out', 'out', '--json')).code, 'SIGSTRUCT_SIGNATURE');
    write('out/vault.sig', signature.subarray(1));
    assert.equal(errorOf(await run('--out', 'out', '--json')).code, 'SIGSTRUCT_INVALID');
  });
});
