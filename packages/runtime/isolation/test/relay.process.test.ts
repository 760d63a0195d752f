import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { concatBytes } from '@enclos/codec';
import { createCaller, systemInterface } from '@enclos/edl';
import { nativeCompilers, nativeTest } from '@enclos/testkit';
import { freestandingFlags } from '@enclos/sgx-stub/building';
import { endOf, frame, hello, units } from './relay-frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-relay-'));
after(() => rmSync(folder, { recursive: true }));
const sources = fileURLToPath(new URL('../../src/relay/native/', import.meta.url));
const tests = fileURLToPath(new URL('../../test/native/', import.meta.url));
const seed = Number(process.env['ENCLOS_SEED'] ?? Date.now() % 1e9);

/** Undefined behaviour ends it with SIGILL. */
function compiledRelay(): string {
  const [compiler = 'gcc-14'] = nativeCompilers;
  const path = join(folder, 'relay');
  const checks = ['-fsanitize=undefined,bounds-strict', '-fsanitize-trap=all'];
  execFileSync(compiler, [...freestandingFlags.filter((flag) => flag !== '-Werror'), ...checks, '-o', path, ...units], {
    cwd: sources,
  });
  return path;
}

/** The arguments of `start`, as a host encodes them. */
async function startArguments(variables: Readonly<Record<string, string>>): Promise<Uint8Array> {
  let found = new Uint8Array();
  const caller = createCaller(systemInterface.trusted, async ({ payload }) => {
    found = new Uint8Array(payload);
    return new Uint8Array();
  });
  await caller.start({
    hostEnvironment: Object.entries(variables).map(([name, value]) => ({ name, value })),
    logLevel: undefined,
  });
  return found;
}

nativeTest('the relay ends with a host that breaks a rule of the gate', async () => {
  const relay = compiledRelay();
  const start = frame({ kind: 2, table: 1, id: 1, payload: await startArguments({ OPEN: 'yes' }) });
  const broken: Readonly<Record<string, Uint8Array>> = {
    'no greeting': start,
    'two greetings': concatBytes(hello, hello),
    'an unknown kind': concatBytes(hello, frame({ kind: 12 })),
    'a line of a host': concatBytes(hello, frame({ kind: 6, index: 2, payload: new Uint8Array(1) })),
    'a short frame': concatBytes(hello, new Uint8Array([15, 0, 0, 0, ...new Uint8Array(16)])),
    'a huge frame': concatBytes(hello, new Uint8Array([255, 255, 255, 127, 2, 0, ...new Uint8Array(14)])),
    'an even call': concatBytes(hello, frame({ kind: 2, table: 1, id: 2, payload: await startArguments({}) })),
    'a variable that is not declared': concatBytes(
      hello,
      frame({ kind: 2, table: 1, id: 1, payload: await startArguments({ OTHER: 'x' }) }),
    ),
    'a variable twice': concatBytes(
      hello,
      frame({ kind: 2, table: 1, id: 1, payload: new Uint8Array([2, 4, 79, 80, 69, 78, 0, 4, 79, 80, 69, 78, 0, 0]) }),
    ),
    'an answer to nothing': concatBytes(hello, frame({ kind: 3, id: 2 })),
    'a stream that is not open': concatBytes(hello, frame({ kind: 8, id: 1, payload: new Uint8Array(1) })),
    'a grant for nothing': concatBytes(hello, frame({ kind: 9, id: 1 })),
    'bytes after arguments': concatBytes(
      hello,
      frame({ kind: 2, table: 1, id: 1, payload: concatBytes(await startArguments({}), new Uint8Array(1)) }),
    ),
  };
  for (const [what, bytes] of Object.entries(broken)) assert.equal(await endOf([relay], bytes), 125, what);
  // The end of the gate is the end of the host.
  assert.equal(await endOf([relay], concatBytes(hello, start)), 0);
  assert.equal(await endOf([relay], hello), 0);
});

nativeTest('mutated frames end the relay in order', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const relay = compiledRelay();
  const start = frame({ kind: 2, table: 1, id: 1, payload: await startArguments({ OPEN: 'yes' }) });
  const good = concatBytes(
    hello,
    start,
    frame({ kind: 3, id: 2, payload: new Uint8Array([1, 120]) }),
    frame({ kind: 8, id: 1, payload: new Uint8Array(300) }),
    frame({ kind: 9, id: 1, parent: 1 }),
    frame({ kind: 10, id: 1 }),
    frame({ kind: 11, id: 1 }),
    frame({ kind: 5, id: 1 }),
  );
  let state = seed | 1;
  const number = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
  const ends = new Set<number | string>();
  for (let round = 0; round < 150; round++) {
    const bytes = new Uint8Array(good);
    for (let i = number(4); i >= 0; i--) bytes[number(bytes.length)] = number(256);
    ends.add(await endOf([relay], bytes));
  }
  for (const end of ends) assert.ok(end === 0 || end === 125, String(end));
  assert.ok(ends.has(125));
});

nativeTest('the resolver of the relay takes mutated queries', (t) => {
  t.diagnostic(`seed ${seed}`);
  const [compiler = 'gcc-14'] = nativeCompilers;
  const path = join(folder, 'resolver');
  const flags = [
    '-g',
    '-O1',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
    '-Wall',
    '-Wextra',
    `-I${sources}`,
  ];
  execFileSync(compiler, [...flags, '-o', path, join(tests, 'resolver.c'), join(sources, 'dns.c')]);
  const { status, stderr } = spawnSync(path, [`${seed}`, '200000'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
