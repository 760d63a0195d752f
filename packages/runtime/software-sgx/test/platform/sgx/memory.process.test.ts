import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { PageFlags } from '@enclos/sgx';
import { until } from '@enclos/testkit';
import { createAdmission, type Admission } from '../../../src/platform/admission.ts';
import { singleHost } from '../../../src/platform/host.ts';
import { createHostSgx, type HostSgx } from '../../../src/platform/sgx/host-sgx.ts';
import { rejectsCode } from '../../provisioning-support.ts';
import { createSgxLab, exampleBytes, exampleStream, record, signatureOf, type SgxLab } from './sgx-lab.ts';

const pageBytes = 4096;
const pagesEach = 8;
const bounds = {
  enclaveBytes: exampleBytes,
  threads: 1,
  stackBytes: pageBytes,
  arenaBytes: pageBytes,
  fastExit: false,
  isolation: 'best',
} as const;
const counts = { maxImageBytes: 2 ** 20, maxLaunches: 64, maxGates: 64 };

/** Pages with one chunk each: the least that fills a page of memory. */
function filling(pages: number): Uint8Array {
  const added = Array.from({ length: pages }, (_, page) => [
    record.add(page, PageFlags.REG | PageFlags.R),
    record.chunk(page, 3, { measured: page % 2 === 0 }),
  ]);
  return concatBytes(record.create(exampleBytes), ...added.flat());
}

describe('a host that fills memory with images that it never has checked', () => {
  let lab: SgxLab;
  const gates: Socket[] = [];
  before(async () => {
    lab = await createSgxLab();
  });
  after(async () => {
    for (const gate of gates) gate.destroy();
    await lab.close();
  });

  const connectionOf = (host: Admission, maxMemoryBytes = Infinity): HostSgx =>
    createHostSgx({
      services: lab.services,
      host: singleHost(),
      admission: createAdmission({ ...counts, maxMemoryBytes }, host),
      enclaves: { reserve: () => () => undefined, keep: () => 1n },
    });
  const open = async (sgx: HostSgx): Promise<number> => {
    const { upload, gatePath } = await sgx.create(bounds);
    gates.push(connect(gatePath).on('error', () => undefined));
    return upload;
  };
  const fill = async (sgx: HostSgx, stream = filling(pagesEach)): Promise<number> => {
    const upload = await open(sgx);
    await sgx.add(upload, stream);
    return upload;
  };
  const hostOf = (pages: number): Admission => createAdmission({ ...counts, maxMemoryBytes: pages * pageBytes });

  test('has what waits for its processes counted among the bytes of its images, until they have it', async () => {
    const piece = record.create(exampleBytes);
    const host = createAdmission({ ...counts, maxImageBytes: 2 * piece.length, maxMemoryBytes: Infinity });
    const [first, second] = [connectionOf(host), connectionOf(host)];
    // Without gates there is no process that takes it.
    const waiting = [first, first].map(async (sgx) => sgx.add((await sgx.create(bounds)).upload, piece.slice()));
    const ended = Promise.allSettled(waiting);
    const { upload } = await second.create(bounds);
    await until('both are counted', () => !hasRoom(host));
    await rejectsCode(second.add(upload, piece.slice()), 'PLATFORM_BUSY');
    first.close();
    await ended;
    const taken = await open(second);
    await second.add(taken, piece.slice());
    host.takeBytes(2 * piece.length);
    second.close();
  });

  test('would fill as much as it has launches, without the bound', async () => {
    const host = hostOf(Infinity);
    const connections = [connectionOf(host), connectionOf(host)];
    // Each is allowed, and nothing counts them together.
    for (const sgx of connections) await Promise.all([fill(sgx), fill(sgx), fill(sgx)]);
    for (const sgx of connections) sgx.close();
  });

  test('fills its share with all its connections together, and that of one with one', async () => {
    const host = hostOf(3 * pagesEach);
    const greedy = connectionOf(host, 2 * pagesEach * pageBytes);
    await fill(greedy);
    await fill(greedy);
    await rejectsCode(fill(greedy), 'PLATFORM_BUSY');
    const other = connectionOf(host);
    await rejectsCode(fill(other, filling(2 * pagesEach)), 'PLATFORM_BUSY');
    await fill(other);
    await rejectsCode(fill(other, filling(1)), 'PLATFORM_BUSY');
    greedy.close();
    other.close();
    await until('the memory is free when the processes are gone', () => isWholeFree(host, 3 * pagesEach));
  });

  test('has it back when a launch is done, and pages without content take none', async () => {
    const host = hostOf(4);
    const sgx = connectionOf(host);
    const empty = Array.from({ length: 100 }, (_, page) => record.add(page, PageFlags.REG | PageFlags.R));
    await fill(sgx, concatBytes(record.create(exampleBytes), ...empty));
    const stream = exampleStream(1);
    const upload = await open(sgx);
    await sgx.add(upload, stream);
    assert.throws(() => host.memory.take(3 * pageBytes), { code: 'PLATFORM_BUSY' });
    const attributes = { flags: 4n, xfrm: 3n };
    await sgx.initialise(upload, { signature: signatureOf(stream), attributes, miscSelect: 0 });
    await until('the memory is that of an enclave that runs', () => isWholeFree(host, 4));
    sgx.close();
  });
});

function hasRoom(host: Admission): boolean {
  try {
    host.takeBytes(1);
  } catch {
    return false;
  }
  host.giveBytes(1);
  return true;
}

function isWholeFree({ memory }: Admission, pages: number): boolean {
  try {
    memory.take(pages * pageBytes);
  } catch {
    return false;
  }
  memory.give(pages * pageBytes);
  return true;
}
