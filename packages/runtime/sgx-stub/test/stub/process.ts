import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Duplex } from 'node:stream';
import {
  encodeBootGo,
  encodeGateRequest,
  encodePlatformAnswer,
  gateAnswerReader,
  HELLO_BYTES,
  LeafStatus,
  MAX_EXIT_STACK_BYTES,
  parseGateAnswer,
  parseGateHello,
  parsePlatformRequest,
  platformRequestReader,
  RequestKind,
  type BootGo,
  type GateAnswer,
  type GateHello,
  type GateRequest,
  type PlatformAnswer,
  type PlatformRequest,
} from '../../src/wire/index.ts';
import { stubWith } from './builds.ts';
import { testEnclave, type EnclaveOptions } from './enclave.ts';

/** How a stub ended. */
export interface StubEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One thread of a stub, as a host sees it. */
export class TestGate {
  readonly stream: Duplex;
  readonly hello: GateHello;
  #waiting: { readonly resolve: (answer: GateAnswer) => void; readonly reject: (error: Error) => void } | undefined;
  #reads: readonly number[] = [];

  constructor(stream: Duplex, hello: GateHello) {
    this.stream = stream;
    this.hello = hello;
    const reader = gateAnswerReader(() => this.#reads.reduce((sum, each) => sum + each, 0));
    stream.on('close', () => this.#waiting?.reject(new Error('The gate closed.')));
    stream.on('data', (chunk: Buffer) =>
      reader.push(chunk, (message) => {
        const answer = parseGateAnswer(message, this.#reads);
        const waiting = this.#waiting;
        this.#waiting = undefined;
        // The chunk is used again.
        waiting?.resolve({ ...answer, reads: answer.reads.map((each) => Uint8Array.from(each)) });
      }),
    );
  }

  get top(): bigint {
    return this.hello.stackBase + this.hello.stackBytes;
  }

  /** The first address behind the stacks of all threads. */
  heap(threads = 1): bigint {
    return this.hello.arenaBase + BigInt(threads) * this.hello.stackBytes;
  }

  /** A request whose fields are those of a call without arguments. */
  request(change: Partial<GateRequest> = {}): GateRequest {
    const registers = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: this.top, rbp: this.top };
    const final = { finalMask: 0n, finalValue: 0n };
    const limits = { stackTop: this.top, exitStackBytes: 0, windowBytes: 0 };
    return { kind: RequestKind.ENTER, ...registers, writes: [], reads: [], ...final, ...limits, ...change };
  }

  send(change: Partial<GateRequest> = {}): Promise<GateAnswer> {
    const request = this.request(change);
    const reads = request.reads.map(({ bytes }) => bytes);
    return this.sendBytes(Buffer.concat([...encodeGateRequest(request)]), reads);
  }

  /** @param reads the lengths of what the request reads */
  sendBytes(bytes: Uint8Array, reads: readonly number[] = []): Promise<GateAnswer> {
    this.#reads = reads;
    const answer = new Promise<GateAnswer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.stream.write(bytes);
    return answer;
  }
}

export interface StartedStub {
  readonly child: ChildProcess;
  readonly gates: readonly TestGate[];
  readonly platform: Duplex;
  readonly end: Promise<StubEnd>;
  /** Ends it, and waits. */
  stop(): Promise<void>;
}

export interface StubOptions {
  readonly path?: string;
  readonly enclave?: EnclaveOptions;
  /** In place of the stream of `enclave`; a list is written piece by piece. */
  readonly stream?: readonly Uint8Array[];
  readonly go?: Partial<BootGo>;
  readonly platform?: (request: PlatformRequest) => PlatformAnswer;
}

const refuseAll = (): PlatformAnswer => ({ status: LeafStatus.FAULT, result: new Uint8Array(0) });

export const goOf = (threads: number, change: Partial<BootGo> = {}): BootGo => ({
  fastExit: false,
  exceptionInformation: false,
  threads,
  stackBytes: 0x10000n,
  arenaBytes: BigInt(threads) * 0x10000n + 0x400000n,
  attributeFlags: 4n,
  xfrm: 3n,
  ...change,
});

function duplexAt(child: ChildProcess, descriptor: number): Duplex {
  // What spawn makes of 'pipe' above 2 is a socket, although its type says less.
  const stream = child.stdio[descriptor] as Duplex;
  stream.on('error', () => undefined);
  return stream;
}

/** A stub before its stream. */
function spawnStub(path: string, threads = 1): Omit<StartedStub, 'gates'> & { readonly boot: Duplex } {
  const more = Array.from({ length: threads - 1 }, () => 'pipe' as const);
  const child = spawn(path, [], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', ...more],
    env: {},
  });
  const end = once(child, 'exit').then(([code, signal]: (number | string | null)[]): StubEnd => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
  }));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await end;
  };
  return { child, platform: duplexAt(child, 4), boot: duplexAt(child, 5), end, stop };
}

/** Sends what a platform sends, and gives back how the stub ended. */
export async function bootEnd(path: string, bytes: Uint8Array, close = false): Promise<StubEnd> {
  const { boot, end } = spawnStub(path);
  boot.on('data', () => undefined);
  boot.write(bytes);
  if (close) boot.end();
  return end;
}

function endedEarly(how: number | string | null): never {
  throw new Error(`The stub ended before its greeting: ${how}.`);
}

function greeting(stream: Duplex, end: Promise<StubEnd>): Promise<GateHello> {
  const greeted = new Promise<GateHello>((resolve) => {
    const held: Buffer[] = [];
    const take = (chunk: Buffer): void => {
      held.push(chunk);
      const bytes = Buffer.concat(held);
      if (bytes.length < HELLO_BYTES) return;
      stream.off('data', take);
      resolve(parseGateHello(bytes));
    };
    stream.on('data', take);
  });
  return Promise.race([greeted, end.then(({ code, signal }) => endedEarly(code ?? signal))]);
}

/** Starts the test enclave, and plays its platform. */
async function startStub(options: StubOptions = {}): Promise<StartedStub> {
  const threads = options.go?.threads ?? options.enclave?.threads ?? 1;
  const stub = spawnStub(options.path ?? (await stubWith()), threads);
  const { child, platform, boot, end, stop } = stub;
  const reader = platformRequestReader();
  const answer = options.platform ?? refuseAll;
  platform.on('data', (chunk: Buffer) =>
    reader.push(chunk, (message) => {
      const request = parsePlatformRequest(message);
      platform.write(encodePlatformAnswer(request.leaf, answer(request)));
    }),
  );
  const ready = once(boot, 'data').then(() => undefined);
  await Promise.race([ready, end.then(({ code, signal }) => endedEarly(code ?? signal))]);
  for (const piece of options.stream ?? [await testEnclave(options.enclave)]) boot.write(piece);
  boot.write(encodeBootGo(goOf(threads, options.go)));
  const streams = Array.from({ length: threads }, (_, i) => duplexAt(child, i === 0 ? 3 : 8 + i));
  const hellos = await Promise.all(streams.map((stream) => greeting(stream, end)));
  const gates = hellos.map((each, i) => {
    const stream = streams[i];
    if (stream === undefined) throw new Error('There is no such gate.');
    return new TestGate(stream, each);
  });
  return { child, gates, platform, end, stop };
}

/** Runs a test with a stub, and leaves none. */
export async function withStub(
  options: StubOptions,
  body: (gate: TestGate, stub: StartedStub) => Promise<void>,
): Promise<void> {
  const stub = await startStub(options);
  try {
    const [gate] = stub.gates;
    if (gate === undefined) throw new Error('A stub has a gate.');
    await body(gate, stub);
  } finally {
    await stub.stop();
  }
}

/** All that an exit may bring. */
export const everything = { exitStackBytes: MAX_EXIT_STACK_BYTES, windowBytes: 65536 };
