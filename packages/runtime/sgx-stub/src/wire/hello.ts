import { MAX_THREADS } from './boot.ts';
import { refuse, requireZeros } from './messages.ts';

/** Bytes of the greeting of each gate. */
export const HELLO_BYTES = 128;

const protocol = 1;

/** What a thread of the stub says first on its gate. Addresses are those of the enclave's process. */
export interface GateHello {
  /** The number of the gate, from 0. */
  readonly thread: number;
  readonly arenaBase: bigint;
  readonly arenaBytes: bigint;
  /** The untrusted stack of this thread, which lies in the arena. */
  readonly stackBase: bigint;
  readonly stackBytes: bigint;
  /** Address of the TCS page: the `self` of thread OCALLs of Intel's SDK. */
  readonly tcs: bigint;
  readonly enclaveBase: bigint;
  readonly enclaveBytes: bigint;
  readonly fastExit: boolean;
}

export function encodeGateHello(hello: GateHello): Uint8Array {
  const out = new Uint8Array(HELLO_BYTES);
  const view = new DataView(out.buffer);
  view.setUint32(8, protocol, true);
  view.setUint32(12, hello.thread, true);
  view.setBigUint64(16, hello.arenaBase, true);
  view.setBigUint64(24, hello.arenaBytes, true);
  view.setBigUint64(32, hello.stackBase, true);
  view.setBigUint64(40, hello.stackBytes, true);
  view.setBigUint64(48, hello.tcs, true);
  view.setBigUint64(56, hello.enclaveBase, true);
  view.setBigUint64(64, hello.enclaveBytes, true);
  view.setUint32(72, hello.fastExit ? 1 : 0, true);
  return out;
}

/** @throws SGX_WIRE_INVALID for bytes that are not a greeting, or whose addresses contradict each other */
export function parseGateHello(bytes: Uint8Array): GateHello {
  if (bytes.length !== HELLO_BYTES) refuse(`a greeting is ${HELLO_BYTES} bytes, not ${bytes.length}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0 || view.getUint32(4, true) !== 0) refuse('a gate begins with another message.');
  if (view.getUint32(8, true) !== protocol) refuse(`a gate speaks another protocol than ${protocol}.`);
  const flags = view.getUint32(72, true);
  if (flags > 1) refuse('a greeting has unknown flags.');
  requireZeros(view, 76);
  const hello: GateHello = {
    thread: view.getUint32(12, true),
    arenaBase: view.getBigUint64(16, true),
    arenaBytes: view.getBigUint64(24, true),
    stackBase: view.getBigUint64(32, true),
    stackBytes: view.getBigUint64(40, true),
    tcs: view.getBigUint64(48, true),
    enclaveBase: view.getBigUint64(56, true),
    enclaveBytes: view.getBigUint64(64, true),
    fastExit: flags === 1,
  };
  checkHello(hello);
  return Object.freeze(hello);
}

function checkHello(hello: GateHello): void {
  const { arenaBase, arenaBytes, stackBase, stackBytes, tcs, enclaveBase, enclaveBytes } = hello;
  if (hello.thread >= MAX_THREADS) refuse(`a greeting names a thread above ${MAX_THREADS - 1}.`);
  if (!isInside(stackBase, stackBytes, arenaBase, arenaBytes)) refuse('the stack of a thread is outside the arena.');
  if (!isInside(tcs, 4096n, enclaveBase, enclaveBytes)) refuse('the TCS of a thread is outside the enclave.');
}

function isInside(base: bigint, bytes: bigint, outerBase: bigint, outerBytes: bigint): boolean {
  return base >= outerBase && base + bytes <= outerBase + outerBytes && outerBase + outerBytes < 2n ** 47n;
}
