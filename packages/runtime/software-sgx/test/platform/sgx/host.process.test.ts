import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { createCaller, type Caller } from '@enclos/edl';
import { hostChannel, MAX_SGX_PIECES, openChannel, type SgxLaunchRequest } from '@enclos/tee';
import { until } from '@enclos/testkit';
import { PageFlags } from '@enclos/sgx';
import { createHostSgx } from '../../../src/platform/sgx/host-sgx.ts';
import { requireExecution } from '../../../src/platform/sgx/sgx-services.ts';
import { descendantsOf } from './processes.ts';
import { singleHost } from '../../../src/platform/host.ts';
import {
  createSgxLab,
  exampleBytes,
  exampleRequest,
  exampleStream,
  piecesOf,
  record,
  signatureOf,
  type SgxLab,
} from './sgx-lab.ts';
import { rejectsCode } from '../../provisioning-support.ts';

type Platform = Caller<(typeof hostChannel)['trusted']>;

/** Another connection of the host, without the launcher that keeps its rules. */
async function rawHost({ socketPath }: SgxLab): Promise<{ readonly platform: Platform; readonly end: () => void }> {
  const stream = connect(socketPath);
  const endpoint = openChannel({ stream, initiator: true, protocol: hostChannel, serve: async () => new Uint8Array() });
  await endpoint.ready;
  const platform = createCaller(hostChannel.trusted, (call) =>
    endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
  );
  return { platform, end: () => void stream.destroy() };
}

const bounds = {
  enclaveBytes: exampleBytes,
  threads: 1,
  stackBytes: 4096,
  arenaBytes: 4096,
  fastExit: false,
  isolation: 'best',
} as const;

/** The processes that this platform runs images with. */
function stubs({ services }: SgxLab): readonly number[] {
  const { program } = requireExecution(services.sgx);
  return descendantsOf(process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program.path);
    } catch {
      return false;
    }
  });
}

describe('a hostile host', () => {
  let lab: SgxLab;
  before(async () => {
    lab = await createSgxLab();
  });
  after(() => lab.close());

  const refusals: readonly [string, Partial<typeof bounds> | { readonly [K in keyof typeof bounds]?: unknown }][] = [
    ['a range that is not a power of two', { enclaveBytes: exampleBytes + 4096n }],
    ['a range of one page', { enclaveBytes: 4096n }],
    ['a range above 64 GiB', { enclaveBytes: 1n << 37n }],
    ['no thread', { threads: 0 }],
    ['too many threads', { threads: 65 }],
    ['a stack that is not whole pages', { stackBytes: 4097, arenaBytes: 8192 }],
    ['no stack', { stackBytes: 0 }],
    ['an arena that is not whole pages', { arenaBytes: 4097 }],
    ['an arena above 1 GiB', { arenaBytes: 2 ** 30 + 4096 }],
    ['an arena that is smaller than the stacks', { threads: 3, arenaBytes: 8192 }],
  ];
  for (const [what, change] of refusals) {
    test(`announces ${what}, and nothing is made`, async () => {
      const host = await rawHost(lab);
      const names = readdirSync(lab.services.runtimeFolder.path);
      // The values are those of the protocol, and wrong.
      await rejectsCode(host.platform.createSgx({ ...bounds, ...(change as object) }), 'PLATFORM_UPLOAD_REFUSED');
      assert.deepEqual(readdirSync(lab.services.runtimeFolder.path), names);
      host.end();
    });
  }

  const streams: readonly [
    string,
    readonly Uint8Array[],
    'SGXS_INVALID' | 'SGXS_TOO_LARGE' | 'PLATFORM_UPLOAD_REFUSED',
  ][] = [
    ['a page before ECREATE', [record.add(0, PageFlags.TCS)], 'SGXS_INVALID'],
    ['ECREATE twice', [record.create(exampleBytes), record.create(exampleBytes)], 'SGXS_INVALID'],
    ['ECREATE of another size than was announced', [record.create(exampleBytes * 2n)], 'SGXS_INVALID'],
    [
      'a page twice',
      [record.create(exampleBytes), record.add(1, PageFlags.TCS), record.add(1, PageFlags.TCS)],
      'SGXS_INVALID',
    ],
    ['a page outside of the range', [record.create(exampleBytes), record.add(256, PageFlags.TCS)], 'SGXS_INVALID'],
    ['a piece that ends inside a record', [record.create(exampleBytes).subarray(0, 63)], 'SGXS_INVALID'],
    [
      'a piece that ends inside a chunk',
      [record.create(exampleBytes), record.add(0, 0x203n), record.chunk(0, 0).subarray(0, 319)],
      'SGXS_INVALID',
    ],
    ['an unknown record', [record.create(exampleBytes), new Uint8Array(64).fill(65)], 'SGXS_INVALID'],
    [
      'the record that starts an enclave',
      [exampleStream(1), new TextEncoder().encode('ENCLOSGO'.padEnd(64, '\0'))],
      'SGXS_INVALID',
    ],
    ['an empty piece', [record.create(exampleBytes), new Uint8Array()], 'PLATFORM_UPLOAD_REFUSED'],
  ];
  for (const [what, pieces, code] of streams) {
    test(`sends ${what}, and the process ends`, async () => {
      const host = await rawHost(lab);
      const { upload, gatePath } = await host.platform.createSgx(bounds);
      const gate = connect(gatePath);
      await rejectsCode(
        (async () => {
          for (const chunk of pieces) await host.platform.addSgx({ upload, chunk });
        })(),
        code,
      );
      await rejectsCode(
        host.platform.addSgx({ upload, chunk: record.create(exampleBytes) }),
        'PLATFORM_UPLOAD_REFUSED',
      );
      gate.destroy();
      host.end();
      await until('no process is left', () => stubs(lab).length === 0);
    });
  }

  test('sends more pieces at once than it may', async () => {
    const host = await rawHost(lab);
    const { upload } = await host.platform.createSgx(bounds);
    // No gate is connected, so nothing is taken yet.
    const [first, ...others] = piecesOf(
      concatBytes(
        record.create(exampleBytes),
        ...Array.from({ length: MAX_SGX_PIECES }, (_, page) => record.add(page, 0x203n)),
      ),
      1,
    );
    assert.ok(first !== undefined && others.length === MAX_SGX_PIECES);
    const sent = [first, ...others].map((chunk) => host.platform.addSgx({ upload, chunk }));
    const codes = (await Promise.allSettled(sent)).map(
      (result) => result.status === 'rejected' && (result.reason as { code?: string }).code,
    );
    assert.equal(codes[MAX_SGX_PIECES], 'PLATFORM_UPLOAD_REFUSED');
    assert.ok(codes.every((code) => code !== false));
    host.end();
  });

  test('opens more launches than it may', async () => {
    const host = await rawHost(lab);
    const opened = [1, 2, 3, 4].map(() => host.platform.createSgx(bounds));
    await Promise.all(opened);
    await rejectsCode(host.platform.createSgx(bounds), 'PLATFORM_UPLOAD_REFUSED');
    host.end();
    const next = await rawHost(lab);
    await until('the places are free again', async () => {
      const result = await next.platform.createSgx(bounds).catch(() => undefined);
      return result !== undefined;
    });
    next.end();
  });

  test('uses the number of another host, and that of nothing', async () => {
    const [one, other] = [await rawHost(lab), await rawHost(lab)];
    const { upload } = await one.platform.createSgx(bounds);
    const chunk = record.create(exampleBytes);
    await rejectsCode(other.platform.addSgx({ upload, chunk }), 'PLATFORM_UPLOAD_REFUSED');
    await rejectsCode(one.platform.addSgx({ upload: upload + 1, chunk }), 'PLATFORM_UPLOAD_REFUSED');
    one.end();
    other.end();
  });

  test('goes away in the middle: neither process nor socket is left', async () => {
    const host = await rawHost(lab);
    const { upload, gatePath } = await host.platform.createSgx(bounds);
    const gate = connect(gatePath);
    await host.platform.addSgx({ upload, chunk: record.create(exampleBytes) });
    assert.equal(stubs(lab).length, 1);
    host.end();
    await until('no process is left', () => stubs(lab).length === 0);
    assert.ok(!existsSync(gatePath));
    gate.destroy();
  });

  test('never connects the gates, or connects too few: the launch stalls, and is dropped', async () => {
    const sgx = createHostSgx({
      services: lab.services,
      host: singleHost(),
      admission: singleHost().admission,
      enclaves: { reserve: () => () => undefined, keep: () => 1n },
      stallTimeoutMs: 50,
    });
    const { upload, gatePath } = await sgx.create({ ...bounds, threads: 2, arenaBytes: 8192 });
    const gate = connect(gatePath);
    await until('it is dropped', () => !existsSync(gatePath));
    await rejectsCode(sgx.add(upload, record.create(exampleBytes)), 'PLATFORM_UPLOAD_REFUSED');
    gate.destroy();
  });

  const launches: readonly [string, () => Partial<SgxLaunchRequest>, string][] = [
    [
      'another image than the signed one',
      () => ({ stream: piecesOf(exampleStream(2, 8)) }),
      'LAUNCH_MEASUREMENT_MISMATCH',
    ],
    ['a stream that ends early', () => ({ stream: piecesOf(exampleStream().subarray(0, 64)) }), 'SGXS_INVALID'],
    ['more threads than TCS pages', () => ({ threads: 3 }), 'LAUNCH_IMAGE_REFUSED'],
    [
      'a signature with a flipped bit',
      () => ({ signature: exampleRequest().signature.with(600, 1) }),
      'SIGSTRUCT_SIGNATURE',
    ],
    [
      'debug of a production signature',
      () => ({
        attributes: { flags: 6n, xfrm: 3n },
        signature: signatureOf(exampleStream(), {
          attributes: { flags: 4n, xfrm: 3n },
          attributeMask: { flags: 6n, xfrm: 0n },
        }),
      }),
      'LAUNCH_DEBUG_REFUSED',
    ],
    [
      'PROVISIONKEY for a signer that the operator did not name',
      () => ({ attributes: { flags: 0x14n, xfrm: 3n } }),
      'LAUNCH_ATTRIBUTES_REFUSED',
    ],
    ['an XFRM that no processor has', () => ({ attributes: { flags: 4n, xfrm: 1n } }), 'LAUNCH_IMAGE_REFUSED'],
    ['a configuration without KSS', () => ({ configSvn: 1 }), 'LAUNCH_IMAGE_REFUSED'],
    ['strict isolation where a layer is missing', () => ({ isolation: 'strict' as const }), 'ISOLATION_UNAVAILABLE'],
  ];
  for (const [what, changes, code] of launches) {
    test(`asks for ${what}, and nothing runs`, async () => {
      await assert.rejects(lab.launch(changes()), { code });
      await until('no process is left', () => stubs(lab).length === 0);
    });
  }
});

for (const misbehaviour of ['silent', 'stalls'] as const) {
  test(`a process that ${misbehaviour === 'silent' ? 'is never ready' : 'takes no pages'} is ended when the launch has stood still`, async () => {
    const lab = await createSgxLab({ misbehaviour });
    const sgx = createHostSgx({
      services: lab.services,
      host: singleHost(),
      admission: singleHost().admission,
      enclaves: { reserve: () => () => undefined, keep: () => 1n },
      stallTimeoutMs: 300,
    });
    const { upload, gatePath } = await sgx.create(bounds);
    const gate = connect(gatePath).on('error', () => undefined);
    // More than the channel of its boot holds.
    const pages = Array.from({ length: 200 }, (_, page) => [
      record.add(page, 0x203n),
      ...Array.from({ length: 16 }, (_unused, chunk) => record.chunk(page, chunk)),
    ]);
    const stream = concatBytes(record.create(exampleBytes), ...pages.flat());
    await rejectsCode(sgx.add(upload, stream), 'LAUNCH_PROCESS_ENDED');
    await until('no process is left', () => stubs(lab).length === 0);
    gate.destroy();
    await lab.close();
  });
}
