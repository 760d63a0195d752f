import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { createVendor, initialCpuSvn, openMachine, publishTcb, setCpuSvn, stateFolders } from '@enclos/software-sgx';
import { createWorkshop, outcome, startMachine, withProbe, type Probe } from '@enclos/process-kit';

const workshop = createWorkshop();
after(() => workshop.close());

const secret = utf8('kept over a restart');
const stateFolder = workshop.stateFolder('here');
const { vendorFolder, machineFolder } = stateFolders(stateFolder);
const generation = (level: number): Uint8Array => initialCpuSvn('single-user').with(0, level);

/** Powers the machine up for the time of `use`. Starting enrols it anew when its CPUSVN was set. */
async function powered<T>(use: (call: Probe['call']) => Promise<T>): Promise<T> {
  const platform = await startMachine({ stateFolder });
  try {
    return await withProbe(platform, await workshop.signed('probe'), use);
  } finally {
    await platform.close();
  }
}

/** The vendor publishes the level that every CPUSVN of this file stays below. */
async function publish(): Promise<void> {
  const now = new Date();
  const components = generation(2).with(1, 9).subarray(0, 15);
  await publishTcb(await createVendor(vendorFolder, { now }), { components, now });
}

async function update(cpuSvn: Uint8Array): Promise<void> {
  await setCpuSvn(await openMachine(machineFolder), cpuSvn);
}

async function sealBoth(call: Probe['call']): Promise<readonly [Uint8Array, Uint8Array]> {
  return [
    await call.seal({ plaintext: secret, policy: 'enclave' }),
    await call.seal({ plaintext: secret, policy: 'signer' }),
  ];
}

async function openBoth(blobs: readonly [Uint8Array, Uint8Array]): Promise<readonly string[]> {
  return powered(async (call) => [
    await outcome(call.unseal({ blob: blobs[0], policy: 'enclave' })),
    await outcome(call.unseal({ blob: blobs[1], policy: 'signer' })),
  ]);
}

test('sealed blobs outlive the platform process and a TCB recovery, but not a roll-back', async (t) => {
  const first = await powered(sealBoth);

  await t.test('they open after a restart of the platform', async () => {
    assert.deepEqual(await openBoth(first), ['accepted', 'accepted']);
  });

  await publish();
  await update(generation(2));
  const second = await powered(sealBoth);

  await t.test('a raised CPUSVN still opens what the lower one sealed', async () => {
    assert.deepEqual(await powered(async (call) => (await call.identity()).cpuSvn), generation(2));
    assert.deepEqual(await openBoth(first), ['accepted', 'accepted']);
  });

  await update(generation(1));

  await t.test('a lowered CPUSVN opens its own and not what the higher one sealed', async () => {
    assert.deepEqual(await openBoth(first), ['accepted', 'accepted']);
    assert.deepEqual(await openBoth(second), ['SEAL_CPUSVN_TOO_NEW', 'SEAL_CPUSVN_TOO_NEW']);
  });

  // Byte by byte: higher in one component does not make up for lower in another.
  await update(generation(1).with(1, 9));

  await t.test('a CPUSVN that is higher elsewhere opens it no more', async () => {
    assert.deepEqual(await openBoth(second), ['SEAL_CPUSVN_TOO_NEW', 'SEAL_CPUSVN_TOO_NEW']);
  });

  await update(generation(2));

  await t.test('raised again, it opens everything', async () => {
    assert.deepEqual(await openBoth(first), ['accepted', 'accepted']);
    assert.deepEqual(await openBoth(second), ['accepted', 'accepted']);
  });
});
