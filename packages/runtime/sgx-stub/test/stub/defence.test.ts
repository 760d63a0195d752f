import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readlinkSync, readdirSync, readSync } from 'node:fs';
import { RequestKind } from '../../src/wire/index.ts';
import { stubTest, stubWith } from './builds.ts';
import { Command, layout } from './enclave.ts';
import { withStub, type StartedStub, type StubOptions, type TestGate } from './process.ts';

interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
  readonly access: string;
  readonly name: string;
}

/** The memory of a stub, which only root may look at: no other process can be a debugger of it. */
function memoryOf({ child }: StartedStub): readonly Mapping[] {
  const lines = readFileSync(`/proc/${child.pid}/maps`, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, start = '', end = '', access = '', name = ''] = /^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
    return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), access, name };
  });
}

const outsideOf =
  ({ hello: { enclaveBase, enclaveBytes, arenaBase, arenaBytes } }: TestGate) =>
  ({ start, end }: Mapping): boolean =>
    !(start >= enclaveBase && end <= enclaveBase + enclaveBytes) &&
    !(start >= arenaBase && end <= arenaBase + arenaBytes);
const isWritable = ({ access }: Mapping): boolean => access.includes('w');

/** A test that looks into a stub. */
const looking = (
  name: string,
  options: StubOptions,
  body: (gate: TestGate, stub: StartedStub) => Promise<void>,
): void =>
  stubTest(name, async (t) => {
    if (process.getuid?.() !== 0) return t.skip('needs root, to look into the process');
    await withStub(options, body);
  });

const several = { enclave: { threads: 3 } };
looking('nothing outside of range and arena can be written', several, async (gate, stub) => {
  assert.deepEqual(memoryOf(stub).filter(isWritable).filter(outsideOf(gate)), []);
});

for (const fastExit of [false, true]) {
  const how = `nothing can be both written and run, fast exits ${fastExit ? 'allowed' : 'not allowed'}`;
  looking(how, { ...several, go: { fastExit } }, async (gate, stub) => {
    for (let i = 0; i < 3; i++) await gate.send({ rdi: Command.next });
    assert.deepEqual(
      memoryOf(stub).filter((each) => isWritable(each) && each.access.includes('x')),
      [],
    );
  });
}

looking('pages have the permissions of their measurement, and others have none', {}, async (gate, stub) => {
  const memory = memoryOf(stub);
  const accessOf = (offset: number): string =>
    memory.find(({ start, end }) => {
      const address = gate.hello.enclaveBase + BigInt(offset);
      return start <= address && address < end;
    })?.access ?? 'none';
  const places = [layout.code, layout.data, layout.readOnly, layout.tcs, layout.tcs + 0x1000, 0x2c000];
  assert.deepEqual(places.map(accessOf), ['r-xp', 'rw-p', 'r--p', '---p', 'rw-p', '---p']);
});

looking('it keeps only its gates and the platform', several, async (_gate, { child }) => {
  const folder = `/proc/${child.pid}/fd`;
  const open = readdirSync(folder)
    .toSorted((left, right) => Number(left) - Number(right))
    .map((name) => [name, readlinkSync(`${folder}/${name}`).replace(/\[.*/, '')]);
  assert.deepEqual(
    open,
    ['3', '4', '9', '10'].map((name) => [name, 'socket:']),
  );
});

const key = Buffer.from('a key of 16 byte');
const withKey: StubOptions = { platform: () => ({ status: 0, result: key }) };
looking('a key is in the enclave and nowhere else', withKey, async (gate, stub) => {
  const at = gate.hello.enclaveBase + BigInt(layout.data);
  assert.equal((await gate.send({ rdi: Command.key, rsi: at, rdx: at + 512n })).rdi, 0n);
  const file = openSync(`/proc/${stub.child.pid}/mem`, 'r');
  const places = memoryOf(stub)
    .filter(isWritable)
    .flatMap(({ start, end }) => {
      const bytes = Buffer.alloc(Number(end - start));
      readSync(file, bytes, 0, bytes.length, start);
      const found = bytes.indexOf(key);
      return found === -1 ? [] : [start + BigInt(found), ...(bytes.includes(key, found + 1) ? [0n] : [])];
    });
  closeSync(file);
  assert.deepEqual(places, [at + 512n]);
});

const secret = Uint8Array.from([83, 69, 67, 82, 69, 84, 33, 33]);

/**
 * A host passes an address of the stub's own memory as the output of a correct enclave, and an enclave writes what the host
 * chose: the table of what the answer reads from the arena. @returns what the answer then reads
 */
async function attack(gate: TestGate, blocks: bigint): Promise<readonly number[]> {
  const heap = gate.heap();
  const hidden = gate.hello.enclaveBase + BigInt(layout.data);
  await gate.send({ rdi: Command.copy, rsi: heap, rdx: hidden, r8: 8n, writes: [{ address: heap, content: secret }] });
  await gate.send({ kind: RequestKind.ACCESS, writes: [{ address: heap, content: new Uint8Array(8) }] });
  const table = blocks + 0x8000n + 0x1000n + 128n + 16n;
  const forged = new Uint8Array(16);
  new DataView(forged.buffer).setBigUint64(0, hidden, true);
  forged[8] = 8;
  const { reads } = await gate.send({
    rdi: Command.guarded,
    rsi: table,
    rdx: heap + 64n,
    r8: 16n,
    r9: gate.hello.enclaveBytes,
    writes: [{ address: heap + 64n, content: forged }],
    reads: [{ address: heap, bytes: 8 }],
  });
  return [...(reads[0] ?? [])];
}

looking('a host cannot make a correct enclave write to the memory of the stub', {}, async (gate, stub) => {
  const { enclaveBase, enclaveBytes } = gate.hello;
  const blocks = memoryOf(stub)
    .filter(isWritable)
    .filter(({ start }) => start > enclaveBase + 0x28000n && start < enclaveBase + enclaveBytes)
    .map(({ start }) => start & ~0x7fffn);
  for (const block of new Set(blocks)) assert.deepEqual(await attack(gate, block), [...new Uint8Array(8)]);
  assert.ok(blocks.length > 0);
});

stubTest('it could, if that memory were elsewhere', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root, to look into the process');
  await withStub({ path: await stubWith(['STUB_MEMORY_OUTSIDE']) }, async (gate, stub) => {
    const [first] = memoryOf(stub).filter(isWritable).filter(outsideOf(gate));
    assert.ok(first !== undefined);
    assert.deepEqual(await attack(gate, first.start & ~0x7fffn), [...secret]);
  });
});
