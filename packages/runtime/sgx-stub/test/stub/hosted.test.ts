import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { concatBytes } from '@enclos/codec';
import { runFolder } from '@enclos/testkit';
import { encodeBootGo } from '../../src/wire/index.ts';
import { hostedParsers, stubTest } from './builds.ts';
import { created, page, PAGE, tcsContent } from './enclave.ts';
import { goOf } from './process.ts';

const run = promisify(execFile);
/** 100,000 requests and 50,000 streams. Another seed finds other things: `ENCLOS_STUB_SEED=8`. */
const rounds = 100_000;
const seed = process.env['ENCLOS_STUB_SEED'] ?? '7';

const small = concatBytes(
  created(0x40000n),
  page(0, 0x205n, Uint8Array.of(1)),
  page(PAGE, 0x100n, tcsContent({ ssa: 2 * PAGE, fs: 4 * PAGE })),
  ...[2, 3, 4].map((n) => page(n * PAGE, 0x203n)),
  encodeBootGo(goOf(1)),
);

stubTest('hostile streams and requests reach no memory that is not theirs, under sanitizers', async () => {
  const program = await hostedParsers();
  const stream = join(mkdtempSync(join(runFolder('sgx-stub'), 'seed-')), 'stream');
  writeFileSync(stream, small);
  const env = { ASAN_OPTIONS: 'quarantine_size_mb=4' };
  const { stdout } = await run(program, [seed, `${rounds}`, stream], { env });
  const found =
    /^(\d+) of (\d+) requests accepted, (\d+) of (\d+) streams started/.exec(stdout)?.slice(1).map(Number) ?? [];
  const [accepted = 0, requests = 0, started = 0, streams = 0] = found;
  assert.deepEqual([requests, streams], [rounds, rounds / 2]);
  // Neither all, nor none: what is refused early tries little.
  assert.ok(accepted > requests / 20 && accepted < requests && started > streams / 20 && started < streams);
});
