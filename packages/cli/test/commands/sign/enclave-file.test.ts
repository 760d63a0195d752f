import assert from 'node:assert/strict';
import { createPublicKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { generateSigningKey } from '@enclos/sgx/node';
import { intelEnclave, openEnclave } from '@enclos/sgx-image-kit';
import { nativeTest } from '@enclos/testkit';
import { enclos, errorOf, signingKey, temporaryFolder } from '../../cli.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
writeFileSync(at('ours.pem'), signingKey(), { mode: 0o600 });
writeFileSync(at('ours.pub.pem'), createPublicKey(signingKey()).export({ type: 'spki', format: 'pem' }));
const run = (...argv: readonly string[]) => enclos(argv, { cwd: folder });

nativeTest('an enclave file of another SDK is signed into a copy, named as its SDK does', async () => {
  const key = generateSigningKey();
  for (const [name, signed, made] of [
    ['intel.so', 'intel.signed.so', intelEnclave({ key })],
    ['open-enclave', 'open-enclave.signed', openEnclave({ key })],
  ] as const) {
    writeFileSync(at(name), made.elf);
    const ran = await run('sign', name, '--key', 'ours.pem', '--json');
    assert.equal(ran.code, 0, ran.stdout);
    assert.deepEqual([ran.json()['signature'], ran.json()['mrEnclave']], [at(signed), toHex(made.mrEnclave)]);
    assert.deepEqual(new Uint8Array(readFileSync(at(name))), made.elf);
    const measured = await run('measure', signed, '--json');
    assert.equal(measured.json()['signature'], 'agrees');
    // A copy never replaces the file by itself.
    const again = await run('sign', signed, '--key', 'ours.pem', '--json');
    assert.deepEqual([again.code, errorOf(again).code], [2, 'CLI_USAGE']);
    assert.equal((await run('sign', signed, '--key', 'ours.pem', '--out', 'again', '--date', '2026-01-31')).code, 0);
  }
});

nativeTest('an enclave file is signed in two steps', async () => {
  const { signed } = intelEnclave({ key: generateSigningKey() });
  writeFileSync(at('enclave.signed.so'), signed);
  assert.equal((await run('sign', 'enclave.signed.so', '--prepare', '--date', '2026-01-31')).code, 0);
  // The signers of the SDKs leave it to the host, and who signs should know.
  assert.match(readFileSync(at('enclave.signed.so.tosign.txt'), 'utf8'), /^mode +debug or production, as the host/m);
  writeFileSync(at('device.signature'), sign('sha256', readFileSync(at('enclave.signed.so.tosign')), signingKey()));
  const attach = ['--attach', 'device.signature', '--public-key', 'ours.pub.pem', '--out', 'two.so'];
  assert.equal((await run('sign', 'enclave.signed.so', ...attach)).code, 0);
  await run('sign', 'enclave.signed.so', '--key', 'ours.pem', '--date', '2026-01-31', '--out', 'one.so');
  assert.deepEqual(readFileSync(at('two.so')), readFileSync(at('one.so')));
  assert.match(
    (await run('sign', 'one.so', '--key', 'ours.pem', '--out', 'x')).stdout,
    /1, debug or production, dated/,
  );
});
