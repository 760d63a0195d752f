import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { codeEnclave } from '@enclos/sgx-image-kit';
import { generateSigningKey } from '@enclos/sgx/node';
import {
  encodeBootGo,
  encodeGateRequest,
  gateAnswerReader,
  HELLO_BYTES,
  parseGateAnswer,
  parseGateHello,
  RequestKind,
  type GateHello,
  type GateRequest,
} from '@enclos/sgx-stub/wire';

const stackBytes = 0x10000;
const heapBytes = 0x40_0000;

/** Leaves at once; or, for RDI = 1, after R8 bytes were copied from RSI to RDX. */
const code = `
  mov %rcx, %rbx
  test %rdi, %rdi
  jz 1f
  mov %rdx, %rdi
  mov %r8, %rcx
  rep movsb
1: mov $4, %eax
  .byte 0x0f, 0x01, 0xd7
  nop`;

/** A thread of a stub, without platform, host runtime and isolation. */
export interface BareGate {
  /** From before its exec until it waits for pages, in milliseconds. */
  readonly readyMs: number;
  /** An entry that does nothing; a stub built for it repeats it. */
  enter(repetitions?: number): Promise<void>;
  /** Bytes into the enclave's process, through the enclave, and out again. */
  echo(content: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Starts a stub with an enclave of a few instructions. */
export async function startBareGate(path: string, { fastExit }: { readonly fastExit: boolean }): Promise<BareGate> {
  const { sgxs } = codeEnclave({ key: generateSigningKey(), code, enclaveBytes: 0x100000 });
  const startedAt = performance.now();
  const child = spawn(path, [], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: {} });
  const gone = once(child, 'exit');
  // What spawn makes of 'pipe' above 2 is a socket, although its type says less, and knows only five.
  const streams: readonly unknown[] = child.stdio;
  const [gate, boot] = [streams[3] as Duplex, streams[5] as Duplex];
  await once(boot, 'data');
  const readyMs = performance.now() - startedAt;
  boot.write(sgxs);
  boot.write(
    encodeBootGo({
      fastExit,
      exceptionInformation: false,
      threads: 1,
      stackBytes: BigInt(stackBytes),
      arenaBytes: BigInt(stackBytes + heapBytes),
      attributeFlags: 4n,
      xfrm: 3n,
    }),
  );
  const hello = await greeting(gate);
  let expected: readonly number[] = [];
  let answered = (): void => undefined;
  const reader = gateAnswerReader(() => expected.reduce((sum, bytes) => sum + bytes, 0));
  gate.on('data', (chunk: Buffer) =>
    reader.push(chunk, (message) => {
      parseGateAnswer(message, expected);
      answered();
    }),
  );
  const send = async (change: Partial<GateRequest>): Promise<void> =>
    new Promise((resolve) => {
      answered = resolve;
      const request = { ...emptyRequest(hello), ...change };
      expected = request.reads.map(({ bytes }) => bytes);
      gate.cork();
      for (const piece of encodeGateRequest(request)) gate.write(piece);
      gate.uncork();
    });
  const heap = hello.arenaBase + BigInt(stackBytes);
  return {
    readyMs,
    enter: async (repetitions = 0) => send({ r10: BigInt(repetitions) }),
    async echo(content) {
      const to = heap + BigInt(heapBytes / 2);
      await send({
        rdi: 1n,
        rsi: heap,
        rdx: to,
        r8: BigInt(content.length),
        writes: [{ address: heap, content }],
        reads: [{ address: to, bytes: content.length }],
      });
    },
    async close() {
      gate.destroy();
      await gone;
    },
  };
}

async function greeting(gate: Duplex): Promise<GateHello> {
  const [bytes] = (await once(gate, 'data')) as [Uint8Array];
  return parseGateHello(bytes.subarray(0, HELLO_BYTES));
}

const noRegisters = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n };

function emptyRequest({ stackBase }: GateHello): GateRequest {
  const top = stackBase + BigInt(stackBytes);
  return {
    kind: RequestKind.ENTER,
    ...noRegisters,
    rsp: top,
    rbp: top,
    writes: [],
    reads: [],
    finalMask: 0n,
    finalValue: 0n,
    stackTop: top,
    exitStackBytes: 0,
    windowBytes: 0,
  };
}
