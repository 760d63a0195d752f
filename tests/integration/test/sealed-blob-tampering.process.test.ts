import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { concatBytes, utf8 } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { SealPolicy } from '@enclos/tee';
import { createWorkshop, flipped, loadProbe, outcome, type Probe } from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let probe: Probe;
before(async () => {
  platform = await workshop.startPlatform('here');
  probe = await loadProbe(platform, await workshop.signed('probe'));
});
after(async () => {
  await probe.dispose();
  await workshop.close();
});

const plaintext = utf8('sixteen bytes ok');
/** Magic 8, version 2, algorithm 2; then KEYREQUEST, whose ISVSVN is at 4 and CPUSVN at 8 (SDM vol. 3D, Key Request). */
const keyRequestAt = 12;
const securityVersionBytes = { from: keyRequestAt + 4, to: keyRequestAt + 6 };
const cpuSvnBytes = { from: keyRequestAt + 8, to: keyRequestAt + 24 };

const open = (blob: Uint8Array, policy: SealPolicy) => outcome(probe.call.unseal({ blob, policy }));
const inside = (position: number, { from, to }: { from: number; to: number }) => position >= from && position < to;

/** A flip that makes a version larger is "too new"; one that makes it smaller asks for another key. */
function expected(blob: Uint8Array, position: number, mask: number): string {
  const raised = ((blob[position] ?? 0) & mask) === 0;
  if (raised && inside(position, securityVersionBytes)) return 'SEAL_SVN_TOO_NEW';
  if (raised && inside(position, cpuSvnBytes)) return 'SEAL_CPUSVN_TOO_NEW';
  return 'SEAL_NOT_OPENED';
}

for (const policy of ['enclave', 'signer'] as const) {
  test(`each flipped byte of a blob is refused: ${policy} policy`, async () => {
    const blob = await probe.call.seal({ plaintext, policy });
    assert.equal(await open(blob, policy), 'accepted');
    for (const mask of [0x01, 0x80]) {
      for (let position = 0; position < blob.length; position++) {
        const got = await open(flipped(blob, position, mask), policy);
        assert.equal(got, expected(blob, position, mask), `byte ${position}, mask ${mask}`);
      }
    }
    assert.equal(await open(blob, policy), 'accepted');
  });
}

test('each truncation of a blob is refused', async () => {
  const blob = await probe.call.seal({ plaintext, policy: 'enclave' });
  for (let sizeBytes = 0; sizeBytes < blob.length; sizeBytes++) {
    assert.equal(await open(blob.subarray(0, sizeBytes), 'enclave'), 'SEAL_NOT_OPENED', `${sizeBytes} bytes`);
  }
});

test('bytes before, after and inside a blob are refused', async () => {
  const blob = await probe.call.seal({ plaintext, policy: 'enclave' });
  const extra = Uint8Array.of(0);
  const middle = blob.length - 20;
  for (const changed of [
    concatBytes(blob, extra),
    concatBytes(extra, blob),
    concatBytes(blob, blob),
    concatBytes(blob.subarray(0, middle), extra, blob.subarray(middle)),
  ]) {
    assert.equal(await open(changed, 'enclave'), 'SEAL_NOT_OPENED');
  }
});

test('parts of two blobs do not make a third', async () => {
  const [first, second] = [
    await probe.call.seal({ plaintext, policy: 'enclave' }),
    await probe.call.seal({ plaintext, policy: 'enclave' }),
  ];
  // Cut inside the key id, and before the nonce, the ciphertext and the tag.
  for (const at of [keyRequestAt + 56, keyRequestAt + 512, keyRequestAt + 528, first.length - 16]) {
    assert.equal(await open(concatBytes(first.subarray(0, at), second.subarray(at)), 'enclave'), 'SEAL_NOT_OPENED');
  }
});

test('what is no blob at all is refused', async () => {
  for (const bytes of [new Uint8Array(), utf8('ENCLSEAL'), new Uint8Array(556), new Uint8Array(1024 * 1024)]) {
    assert.equal(await open(bytes, 'enclave'), 'SEAL_NOT_OPENED');
  }
});
