import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTally } from '../src/program.ts';
import { judgeSamples } from '../src/soak/report.ts';
import { slope, readSample, type Sample } from '../src/soak/samples.ts';

test('the slope of a line is its slope, and that of a point nothing', () => {
  assert.ok(Math.abs(slope([0, 1, 2, 3].map((x) => [x, 5 + 2 * x] as const)) - 2) < 1e-9);
  assert.equal(slope([[1, 1]]), 0);
});

function failures(change: (sample: Sample, minute: number) => Partial<Sample>): number {
  const base = readSample(0, { platform: process.pid, enclave: process.pid, life: 1 });
  const samples = Array.from({ length: 60 }, (_, minute) => {
    const sample = { ...base, seconds: minute * 60, life: Math.floor(minute / 4) };
    return { ...sample, ...change(sample, minute) };
  });
  const tally = createTally(() => undefined);
  judgeSamples(samples, tally);
  return tally.failures;
}

test('what stays flat passes, and what grows fails', () => {
  assert.equal(
    failures(() => ({})),
    0,
  );
  assert.equal(
    failures(({ hostMiB }, minute) => ({ hostMiB: hostMiB + minute })),
    1,
  );
  assert.equal(
    failures(({ platformDescriptors }, minute) => ({ platformDescriptors: platformDescriptors + minute / 5 })),
    1,
  );
  assert.equal(
    failures(({ enclaveMiB }, minute) => ({ enclaveMiB: enclaveMiB + 100 * (minute % 4), seconds: minute * 20 })),
    1,
  );
});
