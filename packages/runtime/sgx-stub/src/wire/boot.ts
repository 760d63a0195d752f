import { refuse, requireZeros } from './messages.ts';

/** What the stub writes to the boot channel when it wants the stream: the letter `r`. */
export const BOOT_READY = 0x72;

const goBytes = 64;
const goTag = 'ENCLOSGO';
const version = 1;
const flagBits = { fastExit: 1, exceptionInformation: 2 };

/** Gates of one process. */
export const MAX_THREADS = 64;
/** Stacks and heap together: 1 GiB. */
export const MAX_ARENA_BYTES = 2 ** 30;

/** The record that starts an enclave, after the SGXS stream and after EINIT. */
export interface BootGo {
  /** The stub may patch the EEXIT instructions of the enclave, for speed. */
  readonly fastExit: boolean;
  /** MISCSELECT.EXINFO: page faults and general protection faults are described in the state save area. */
  readonly exceptionInformation: boolean;
  /** Gates: TCS pages that are used, in the order of the stream. 1 to 64. */
  readonly threads: number;
  /** Length of the untrusted stack of each thread; a multiple of 4096. */
  readonly stackBytes: bigint;
  /** All stacks first, then the heap that the host manages; a multiple of 4096, at most 1 GiB. */
  readonly arenaBytes: bigint;
  /** SECS.ATTRIBUTES.FLAGS. */
  readonly attributeFlags: bigint;
  /** SECS.ATTRIBUTES.XFRM. */
  readonly xfrm: bigint;
}

/**
 * The 64 bytes that start an enclave.
 * @throws SGX_WIRE_INVALID for a number out of its bounds
 */
export function encodeBootGo(go: BootGo): Uint8Array {
  checkGo(go);
  const out = new Uint8Array(goBytes);
  const view = new DataView(out.buffer);
  for (let i = 0; i < goTag.length; i++) out[i] = goTag.charCodeAt(i);
  view.setUint32(8, version, true);
  const fastExit = go.fastExit ? flagBits.fastExit : 0;
  view.setUint32(12, fastExit | (go.exceptionInformation ? flagBits.exceptionInformation : 0), true);
  view.setUint32(16, go.threads, true);
  view.setBigUint64(24, go.stackBytes, true);
  view.setBigUint64(32, go.arenaBytes, true);
  view.setBigUint64(40, go.attributeFlags, true);
  view.setBigUint64(48, go.xfrm, true);
  return out;
}

/** @throws SGX_WIRE_INVALID for bytes that the stub would refuse */
export function parseBootGo(bytes: Uint8Array): BootGo {
  if (bytes.length !== goBytes) refuse(`the record that starts an enclave is ${goBytes} bytes, not ${bytes.length}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== goTag || view.getUint32(8, true) !== version) {
    refuse(`the record that starts an enclave does not begin with ${goTag} and version ${version}.`);
  }
  const flags = view.getUint32(12, true);
  if ((flags & ~(flagBits.fastExit | flagBits.exceptionInformation)) !== 0) refuse('unknown flags start an enclave.');
  requireZeros(view, 20, 24);
  requireZeros(view, 56);
  const go: BootGo = {
    fastExit: (flags & flagBits.fastExit) !== 0,
    exceptionInformation: (flags & flagBits.exceptionInformation) !== 0,
    threads: view.getUint32(16, true),
    stackBytes: view.getBigUint64(24, true),
    arenaBytes: view.getBigUint64(32, true),
    attributeFlags: view.getBigUint64(40, true),
    xfrm: view.getBigUint64(48, true),
  };
  checkGo(go);
  return Object.freeze(go);
}

function checkGo({ threads, stackBytes, arenaBytes }: BootGo): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    refuse(`threads is not from 1 to ${MAX_THREADS}.`);
  }
  if (stackBytes < 4096n || stackBytes % 4096n !== 0n) refuse('stackBytes is not a multiple of 4096.');
  if (arenaBytes % 4096n !== 0n || arenaBytes > BigInt(MAX_ARENA_BYTES)) {
    refuse('arenaBytes is not a multiple of 4096 up to 1 GiB.');
  }
  if (arenaBytes < BigInt(threads) * stackBytes) refuse('arenaBytes is less than the stacks of all threads.');
}
