import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { ByteWriter, concatBytes, utf8 } from '@enclos/codec';
import { layer, type IsolationPlan } from '@enclos/isolation';
import { PAGE_SIZE, PageFlags, type SigstructFields } from '@enclos/sgx';
import { measureImage, signSigstruct } from '@enclos/sgx/node';
import type { Stub } from '@enclos/sgx-stub';
import {
  connectSoftwarePlatform,
  type LaunchedSgxEnclave,
  type SgxLaunchRequest,
  type SoftwareLauncher,
} from '@enclos/tee';
import { sigstructFields } from '@enclos/testkit';
import { openPlatform, type OpenPlatformOptions } from '../../../src/index.ts';
import { servePlatform } from '../../../src/platform/server.ts';
import type { PlatformServices } from '../../../src/platform/services.ts';
import { prepareSgx } from '../../../src/platform/sgx/sgx-services.ts';
import { applicationKey, temporaryFolder } from '../../support.ts';
import { playedStub, type Misbehaviour } from './played-stub.ts';
import { enrolledSite } from '../../provisioning-support.ts';

/** A platform whose SGX images are run by a program that plays the stub, without the layers of the machine. */
export interface SgxLab {
  readonly launcher: SoftwareLauncher;
  readonly socketPath: string;
  readonly stub: Stub;
  readonly services: PlatformServices;
  launch(changes?: Partial<SgxLaunchRequest>): Promise<LaunchedSgxEnclave>;
  close(): Promise<void>;
}

export interface SgxLabOptions {
  readonly misbehaviour?: Misbehaviour;
  readonly platform?: Partial<OpenPlatformOptions>;
  readonly isolation?: (plan: IsolationPlan) => IsolationPlan;
}

const noLayers = (plan: IsolationPlan): IsolationPlan => ({
  way: plan.way,
  prefix: [],
  lastAt: 0,
  starterPath: plan.starterPath,
  limits: [],
  layers: [layer('environment', true, 'Empty.'), layer('seccomp', false, 'This is a test.')],
});

/** The records of a stream. */
export const record = {
  create: (sizeBytes: bigint, ssaFrameSize = 1): Uint8Array =>
    header('ECREATE').u32(ssaFrameSize).u64(sizeBytes).zeros(44).finish(),
  add: (page: number, flags: bigint): Uint8Array => header('EADD').u64(pageAt(page)).u64(flags).zeros(40).finish(),
  /** One chunk, which is measured or not. */
  chunk: (page: number, chunk: number, { measured = true, fill = 7 } = {}): Uint8Array =>
    concatBytes(
      header(measured ? 'EEXTEND' : 'UNMEASRD')
        .u64(pageAt(page) + BigInt(256 * chunk))
        .zeros(48)
        .finish(),
      new Uint8Array(256).fill(fill),
    ),
};

function header(tag: string): ByteWriter {
  return new ByteWriter({ sizeHint: 64 }).bytes(utf8(tag.padEnd(8, '\0')));
}

function pageAt(page: number): bigint {
  return BigInt(page) * BigInt(PAGE_SIZE);
}

const chunks = Array.from({ length: 16 }, (_, i) => i);

/** A stream with `threads` TCS pages, a page that is measured, one of which a chunk is not, and one without content. */
export function exampleStream(threads = 2, fill = 7): Uint8Array {
  const code = PageFlags.REG | PageFlags.R | PageFlags.X;
  const heap = PageFlags.REG | PageFlags.R | PageFlags.W;
  return concatBytes(
    record.create(exampleBytes),
    record.add(0, code),
    ...chunks.map((i) => record.chunk(0, i, { fill })),
    record.add(2, heap),
    record.chunk(2, 0),
    record.chunk(2, 1, { measured: false }),
    record.chunk(2, 2),
    record.add(3, heap),
    ...Array.from({ length: threads }, (_, i) => record.add(10 + i, PageFlags.TCS)),
  );
}

/** A stream of some 10 MiB, of whose pages no two neighbours are alike, with two TCS pages. */
export function largeStream(): { readonly stream: Uint8Array; readonly enclaveBytes: bigint } {
  const [enclaveBytes, pages] = [1n << 24n, 2000];
  const code = PageFlags.REG | PageFlags.R | PageFlags.X;
  const measured = Array.from({ length: pages }, (_, page) => [
    record.add(page, code),
    ...chunks.map((i) => record.chunk(page, i, { fill: page % 251 })),
  ]);
  const threads = [pages, pages + 1].map((page) => record.add(page, PageFlags.TCS));
  return { stream: concatBytes(record.create(enclaveBytes), ...measured.flat(), ...threads), enclaveBytes };
}

export const exampleBytes = 1n << 20n;

export function signatureOf(stream: Uint8Array, changes: Partial<SigstructFields> = {}): Uint8Array {
  const enclaveHash = measureImage(stream, { profile: 'any' });
  return signSigstruct(sigstructFields({ enclaveHash, ...changes }), applicationKey);
}

export function* piecesOf(stream: Uint8Array, bytes = 320 * 64): Generator<Uint8Array> {
  let from = 0;
  let at = 0;
  while (at < stream.length) {
    const tag = Buffer.from(stream.subarray(at, at + 8)).toString('latin1');
    at += tag === 'EEXTEND\0' || tag === 'UNMEASRD' ? 320 : 64;
    if (at - from >= bytes || at >= stream.length) {
      yield stream.slice(from, at);
      from = at;
    }
  }
}

export function exampleRequest(changes: Partial<SgxLaunchRequest> = {}, threads = 2): SgxLaunchRequest {
  const stream = exampleStream(threads);
  return {
    stream: piecesOf(stream),
    enclaveBytes: exampleBytes,
    threads,
    stackBytes: 65_536,
    arenaBytes: 1 << 20,
    fastExit: false,
    signature: signatureOf(stream),
    attributes: { flags: 4n, xfrm: 3n },
    miscSelect: 0,
    isolation: 'best',
    ...changes,
  };
}

export async function createSgxLab(options: SgxLabOptions = {}): Promise<SgxLab> {
  const { machine } = await enrolledSite('single-user');
  const opened = await openPlatform({ machineFolder: machine.folder, ...options.platform });
  const stub = { ...playedStub(temporaryFolder(), options.misbehaviour), securityVersion: opened.cpuSvn[1] ?? 0 };
  const sgx = await prepareSgx({
    find: () => stub,
    folders: [temporaryFolder()],
    passable: false,
    isolation: (options.isolation ?? noLayers)(opened.isolation),
    writeFilter: async () => '/nowhere',
    cpuSvn: opened.cpuSvn,
  });
  const services = { ...opened, sgx };
  const server = await servePlatform(services);
  const launcher = await connectSoftwarePlatform(server.socketPath);
  return {
    launcher,
    socketPath: server.socketPath,
    stub,
    services,
    launch: (changes) => launcher.launchSgx(exampleRequest(changes)),
    async close() {
      await launcher.close();
      await server.close();
    },
  };
}

/** The next line that a played stub said on a gate. */
export async function lineOf(gate: Duplex): Promise<unknown> {
  let text = '';
  while (!text.includes('\n')) {
    const next = once(gate, 'data');
    gate.resume();
    const [chunk] = (await next) as [Uint8Array];
    gate.pause();
    text += Buffer.from(chunk).toString();
  }
  return JSON.parse(text) as unknown;
}
