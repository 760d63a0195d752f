import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeFootprints, type Footprint } from '../src/attestation/footprint.ts';
import { createTally } from '../src/program.ts';

function failures(change: (minute: number) => Partial<Footprint>): number {
  const still = { platformMiB: 90, hostMiB: 80, enclaveMiB: 120 };
  const descriptors = { platformDescriptors: 30, hostDescriptors: 40, enclaveDescriptors: 20 };
  const samples = Array.from({ length: 60 }, (_, minute) => ({
    ...still,
    ...descriptors,
    seconds: minute * 60,
    ...change(minute),
  }));
  const tally = createTally(() => undefined);
  judgeFootprints(samples, tally);
  return tally.failures;
}

test('memory and descriptors that stay flat pass, and what grows fails', () => {
  assert.equal(
    failures(() => ({})),
    0,
  );
  for (const name of ['platformMiB', 'hostMiB', 'enclaveMiB'] as const) {
    assert.equal(
      failures((minute) => ({ [name]: 80 + 2 * minute })),
      1,
      name,
    );
  }
  for (const name of ['platformDescriptors', 'hostDescriptors', 'enclaveDescriptors'] as const) {
    assert.equal(
      failures((minute) => ({ [name]: 20 + minute / 5 })),
      1,
      name,
    );
  }
});

test('a run that was too short to tell is a failure', () => {
  const tally = createTally(() => undefined);
  judgeFootprints([], tally);
  assert.equal(tally.failures, 1);
});
