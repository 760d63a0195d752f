import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Attribute } from '@enclos/sgx';
import { passingAdvice } from '@enclos/tee';
import { elfFile } from '@enclos/testkit';
import { errorOf, type Ran } from '../../cli.ts';
import { machine, type MachineOptions } from './machine.ts';

/** The error of a command that must not have written anything. */
async function refused(run: () => Promise<Ran>, out: string): Promise<readonly [number, string, string]> {
  const ran = await run();
  assert.ok(!existsSync(out), 'nothing is written');
  const { code, message } = errorOf(ran);
  return [ran.code, code, message];
}

describe('enclos gramine manifest refuses', () => {
  const wrong: readonly [what: string, wanted: readonly [number, string, RegExp], options?: MachineOptions][] = [
    [
      'a debug signature',
      [3, 'CLI_SIGNATURE_MISMATCH', /of a debug enclave, and the image is a production enclave/],
      {
        signature: { attributes: { flags: Attribute.MODE64BIT | Attribute.DEBUG, xfrm: 3n } },
      },
    ],
    [
      'a production signature of a debug image',
      [3, 'CLI_SIGNATURE_MISMATCH', /of a production enclave, and the image is a debug/],
      {
        manifest: { debug: true },
        signature: { attributes: { flags: Attribute.MODE64BIT, xfrm: 3n } },
      },
    ],
    [
      'a signature that leaves the mode open',
      [3, 'CLI_SIGNATURE_MISMATCH', /choose between debug and production/],
      {
        signature: { attributeMask: { flags: ~Attribute.DEBUG & (2n ** 64n - 1n), xfrm: 3n } },
      },
    ],
    [
      'a signature of another product',
      [3, 'CLI_SIGNATURE_MISMATCH', /of product 8, and the image is of product 7/],
      {
        signature: { isvProdId: 8 },
      },
    ],
    [
      'a signature of another version',
      [3, 'CLI_SIGNATURE_MISMATCH', /security version 3, and the image of 2/],
      {
        signature: { isvSvn: 3 },
      },
    ],
    [
      'a signature of another image',
      [3, 'LAUNCH_MEASUREMENT_MISMATCH', /not the one that was signed/],
      {
        signature: { enclaveHash: new Uint8Array(32) },
      },
    ],
    [
      'an image that pins another interpreter',
      [3, 'INTERPRETER_MISMATCH', /is not the pinned interpreter/],
      {
        manifest: {
          interpreter: { version: '24.0.0', digests: [{ architecture: 'linux-x64', sha256: new Uint8Array(32) }] },
        },
      },
    ],
    [
      'an image that pins no interpreter for x64',
      [2, 'INTERPRETER_MISSING', /pinned for linux-x64/],
      {
        manifest: {
          interpreter: { version: '24.0.0', digests: [{ architecture: 'linux-arm64', sha256: new Uint8Array(32) }] },
        },
      },
    ],
    [
      'an image of a program',
      [2, 'PROGRAM_EXECUTION_UNAVAILABLE', /without the interpreter/],
      { program: { architecture: 'linux-x64', network: 'none', arguments: [], output: 'none' } },
    ],
    [
      'an image that wants connections passed, and names them',
      [2, 'STREAM_TRANSPORT_UNAVAILABLE', /wants those of "https", "store" passed/],
      {
        manifest: {
          listen: [
            { name: 'https', port: 8443, transport: 'passed' },
            { name: 'admin', port: 8444, transport: 'either' },
          ],
          connect: [{ name: 'store', host: 'store.example', port: 443, transport: 'passed' }],
        },
      },
    ],
  ];
  for (const [what, [code, name, message], options] of wrong) {
    test(what, async () => {
      const { run, at } = machine(options);
      const found = await refused(() => run('--out', 'out', '--json'), at('out'));
      assert.deepEqual(found.slice(0, 2), [code, name]);
      assert.match(found[2], message);
    });
  }

  test('an image that wants connections passed before it asks for a signature, and says what to do', async () => {
    const { run, at } = machine({
      manifest: { listen: [{ name: 'https', port: 8443, transport: 'passed' }] },
    });
    rmSync(at('vault.sig'));
    const ran = await run('--out', 'out', '--json');
    const { code, next } = errorOf(ran);
    assert.deepEqual([ran.code, code, next], [2, 'STREAM_TRANSPORT_UNAVAILABLE', passingAdvice.platform]);
  });

  const missing: readonly [path: string, code: number, name: string][] = [
    ['vault.sgxs', 2, 'CLI_FILE_UNREADABLE'],
    ['vault.sig', 2, 'CLI_NOT_SIGNED'],
    ['interpreter', 2, 'INTERPRETER_MISSING'],
    ['gramine/libsysdb.so', 2, 'CLI_GRAMINE_MISSING'],
    ['gramine/runtime/glibc/ld-linux-x86-64.so.2', 2, 'CLI_GRAMINE_MISSING'],
    // The one of the system does not go with Gramine's loader.
    ['gramine/runtime/glibc/libc.so.6', 2, 'CLI_GRAMINE_MISSING'],
    ['libraries/libgcc_s.so.1', 2, 'CLI_LIBRARY_MISSING'],
  ];
  for (const [path, code, name] of missing) {
    test(`a machine without ${path}, and names it`, async () => {
      const { run, at } = machine();
      rmSync(at(path));
      const found = await refused(() => run('--out', 'out', '--json'), at('out'));
      assert.deepEqual(found.slice(0, 2), [code, name]);
      assert.ok(found[2].includes(path.split('/').at(-1) ?? ''), found[2]);
    });
  }

  const libstdcpp = 'libraries/libstdc++.so.6';
  const damaged: readonly [what: string, path: string, content: Uint8Array, message: RegExp][] = [
    ['a library that is no ELF file', libstdcpp, new Uint8Array(100), /Not a 64-bit ELF file/],
    ['a library of another architecture', libstdcpp, elfFile({ machine: 183 }), /not for this machine/],
    ['a library that needs a path', libstdcpp, elfFile({ needed: ['/tmp/libevil.so'] }), /not the name of a library/],
    ['a library that needs its folder', libstdcpp, elfFile({ needed: ['..'] }), /not the name of a library/],
    ['a library that needs a line break', libstdcpp, elfFile({ needed: ['a\nb'] }), /not the name of a library/],
  ];
  for (const [what, path, content, message] of damaged) {
    test(what, async () => {
      const { run, at, write } = machine();
      write(path, content);
      const found = await refused(() => run('--out', 'out', '--json'), at('out'));
      assert.deepEqual(found.slice(0, 2), [2, 'CLI_FILE_INVALID']);
      assert.match(found[2], message);
    });
  }

  test('more libraries than any program has', async () => {
    const { run, at, write } = machine();
    for (let n = 0; n < 260; n++) write(`libraries/chain${n}.so`, elfFile({ needed: [`chain${n + 1}.so`] }));
    write(libstdcpp, elfFile({ needed: ['chain0.so'] }));
    const found = await refused(() => run('--out', 'out', '--json'), at('out'));
    assert.deepEqual(found.slice(0, 2), [2, 'CLI_FILE_INVALID']);
    assert.match(found[2], /more than 256 libraries/);
  });

  test('a folder in the place of a library', async () => {
    const { run, at } = machine();
    rmSync(at('libraries/libgcc_s.so.1'));
    mkdirSync(at('libraries/libgcc_s.so.1'));
    assert.equal((await refused(() => run('--out', 'out', '--json'), at('out')))[1], 'CLI_LIBRARY_MISSING');
  });

  const settings: readonly [argv: readonly string[], name: string, message: RegExp][] = [
    [['--at', 'opt/vault'], 'TEE_MANIFEST_INVALID', /opt\/vault is not an absolute path/],
    [['--at', ''], 'TEE_MANIFEST_INVALID', /not an absolute path/],
    [['--at', '/opt/a:b'], 'TEE_MANIFEST_INVALID', /without :/],
    [['--at', '/opt/$ORIGIN'], 'TEE_MANIFEST_INVALID', /and \$/],
    [['--at', '/opt/../etc'], 'TEE_MANIFEST_INVALID', /not a normal absolute path/],
    [['--enclave-size', '3G'], 'TEE_MANIFEST_INVALID', /power of two/],
    [['--enclave-size', '256M'], 'TEE_MANIFEST_INVALID', /enclaveSizeBytes/],
    [['--enclave-size', '4'], 'CLI_USAGE', /a size such as 4G/],
    [['--enclave-size', '4GB'], 'CLI_USAGE', /a size such as 4G/],
    [['--threads', '8'], 'TEE_MANIFEST_INVALID', /threads is a whole number/],
    [['--threads', 'many'], 'CLI_USAGE', /--threads is a number/],
  ];
  for (const [argv, name, message] of settings) {
    test(argv.join(' '), async () => {
      const { run, at } = machine();
      const found = await refused(() => run('--out', 'out', '--json', ...argv), at('out'));
      assert.deepEqual(found.slice(0, 2), [2, name]);
      assert.match(found[2], message);
    });
  }

  test('the folder of the image, where two signatures would have one name', async () => {
    const { run, at } = machine();
    const ran = await run('--out', '.', '--json');
    assert.deepEqual([ran.code, errorOf(ran).code], [2, 'CLI_USAGE']);
    assert.ok(!existsSync(at('vault.manifest')));
  });
});
