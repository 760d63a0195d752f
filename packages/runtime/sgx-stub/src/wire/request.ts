import { MAX_ARENA_BYTES } from './boot.ts';
import { MessageReader, refuse, requireZeros, type Message } from './messages.ts';

/** What a host asks of a thread. */
export const RequestKind = Object.freeze({
  /** EENTER. */
  ENTER: 1,
  /** ERESUME. */
  RESUME: 2,
  /** Memory of the arena only. */
  ACCESS: 3,
} as const);
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

/** The most ranges that one request writes, and that it reads. */
export const MAX_RANGES = 64;
/** The most bytes of stack that an exit brings. */
export const MAX_EXIT_STACK_BYTES = 2 ** 20;
/** The most bytes at RSI that an exit brings. */
export const MAX_WINDOW_BYTES = 2 ** 16;

const headerBytes = 128;
const rangeBytes = 16;

/** General registers that EENTER leaves alone, as the host sets them. */
export interface HostRegisters {
  readonly rdi: bigint;
  readonly rsi: bigint;
  readonly rdx: bigint;
  readonly r8: bigint;
  readonly r9: bigint;
  readonly r10: bigint;
  readonly rsp: bigint;
  readonly rbp: bigint;
}

/** Bytes of the arena. */
export interface ArenaRange {
  readonly address: bigint;
  readonly bytes: number;
}

export interface ArenaWrite {
  readonly address: bigint;
  readonly content: Uint8Array;
}

export interface GateRequest extends HostRegisters {
  readonly kind: RequestKind;
  /** Done before the entry, in this order. At most 64. */
  readonly writes: readonly ArenaWrite[];
  /** Answered by a final exit and by ACCESS. At most 64. */
  readonly reads: readonly ArenaRange[];
  /** An exit is final when `(RDI & finalMask) === finalValue`. */
  readonly finalMask: bigint;
  readonly finalValue: bigint;
  /** Where the untrusted stack of the caller ends: an exit brings bytes from RSP up to it. */
  readonly stackTop: bigint;
  /** Most bytes of stack that a non-final exit brings: up to 1 MiB. */
  readonly exitStackBytes: number;
  /** Most bytes at RSI that a non-final exit brings: up to 64 KiB. */
  readonly windowBytes: number;
}

/** Up to so many bytes a request is one piece, which takes one system call without a vector. */
const ONE_PIECE_BYTES = 65_536;

/**
 * The bytes of a request: header and ranges, then what is written: in the same piece when that is small, and otherwise without a copy. Send
 * all in one write (`writev`).
 * @throws SGX_WIRE_INVALID for too many ranges, or a number out of its bounds
 */
export function encodeGateRequest(request: GateRequest): readonly Uint8Array[] {
  const { writes, reads, exitStackBytes, windowBytes } = request;
  if (writes.length > MAX_RANGES || reads.length > MAX_RANGES) refuse(`a request has more than ${MAX_RANGES} ranges.`);
  if (exitStackBytes > MAX_EXIT_STACK_BYTES || windowBytes > MAX_WINDOW_BYTES) {
    refuse('a request asks for more stack or a larger window than there is.');
  }
  const written = writes.reduce((sum, { content }) => sum + content.length, 0);
  const tableBytes = rangeBytes * (writes.length + reads.length);
  const isOnePiece = headerBytes + tableBytes + written <= ONE_PIECE_BYTES;
  // Of the pool of Node: separate memory costs more than all that is written. Every byte is set below.
  const out = Buffer.allocUnsafe(headerBytes + tableBytes + (isOnePiece ? written : 0));
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  view.setUint32(0, request.kind, true);
  view.setUint32(4, tableBytes + written, true);
  view.setUint16(8, writes.length, true);
  view.setUint16(10, reads.length, true);
  view.setUint32(12, exitStackBytes, true);
  putRegisters(view, request);
  view.setBigUint64(80, request.finalMask, true);
  view.setBigUint64(88, request.finalValue, true);
  view.setBigUint64(96, request.stackTop, true);
  view.setUint32(104, windowBytes, true);
  out.fill(0, 108, headerBytes);
  let at = headerBytes;
  for (const { address, content } of writes) at = putRange(view, at, address, content.length);
  for (const { address, bytes } of reads) at = putRange(view, at, address, bytes);
  if (!isOnePiece) return [out, ...writes.map(({ content }) => content)];
  for (const { content } of writes) {
    out.set(content, at);
    at += content.length;
  }
  return [out];
}

/**
 * Cuts what a host sends to a thread into requests; `parseGateRequest` reads each. For peers of a host in tests: the stub has
 * its own reader.
 *
 * @param maxBodyBytes of one request
 */
export function gateRequestReader(maxBodyBytes: number): MessageReader {
  return new MessageReader({ headerBytes, lengthAt: 4, maxBodyBytes: () => maxBodyBytes });
}

/** @throws SGX_WIRE_INVALID for a request that breaks the protocol, whatever its addresses are */
export function parseGateRequest({ header, body }: Message): GateRequest {
  const kind = header.getUint32(0, true);
  if (!isRequestKind(kind)) refuse(`a request is of the unknown kind ${kind}.`);
  const counts = { writes: header.getUint16(8, true), reads: header.getUint16(10, true) };
  const exitStackBytes = header.getUint32(12, true);
  const windowBytes = header.getUint32(104, true);
  if (counts.writes > MAX_RANGES || counts.reads > MAX_RANGES) refuse(`a request has more than ${MAX_RANGES} ranges.`);
  if (exitStackBytes > MAX_EXIT_STACK_BYTES || windowBytes > MAX_WINDOW_BYTES) {
    refuse('a request asks for more stack or a larger window than there is.');
  }
  requireZeros(header, 108);
  return {
    kind,
    ...rangesOf(body, counts),
    ...registersOf(header),
    finalMask: header.getBigUint64(80, true),
    finalValue: header.getBigUint64(88, true),
    stackTop: header.getBigUint64(96, true),
    exitStackBytes,
    windowBytes,
  };
}

function rangesOf(
  body: Uint8Array,
  counts: { readonly writes: number; readonly reads: number },
): Pick<GateRequest, 'writes' | 'reads'> {
  const tableBytes = rangeBytes * (counts.writes + counts.reads);
  if (body.length < tableBytes) refuse('a request ends inside its ranges.');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const ranges = Array.from({ length: counts.writes + counts.reads }, (_, i) => rangeAt(view, i * rangeBytes));
  let at = tableBytes;
  const writes = ranges.slice(0, counts.writes).map(({ address, bytes }) => {
    const content = body.subarray(at, at + bytes);
    at += bytes;
    return { address, content };
  });
  if (at !== body.length) refuse('the length of a request is not that of its writes.');
  return { writes, reads: ranges.slice(counts.writes) };
}

function rangeAt(view: DataView, at: number): ArenaRange {
  const bytes = view.getBigUint64(at + 8, true);
  if (bytes > BigInt(MAX_ARENA_BYTES)) refuse('a range is longer than any arena.');
  return { address: view.getBigUint64(at, true), bytes: Number(bytes) };
}

function putRange(view: DataView, at: number, address: bigint, bytes: number): number {
  view.setBigUint64(at, address, true);
  view.setBigUint64(at + 8, BigInt(bytes), true);
  return at + rangeBytes;
}

/** The registers stand at the same places of requests and answers. */
export function putRegisters(view: DataView, registers: HostRegisters): void {
  view.setBigUint64(16, registers.rdi, true);
  view.setBigUint64(24, registers.rsi, true);
  view.setBigUint64(32, registers.rdx, true);
  view.setBigUint64(40, registers.r8, true);
  view.setBigUint64(48, registers.r9, true);
  view.setBigUint64(56, registers.r10, true);
  view.setBigUint64(64, registers.rsp, true);
  view.setBigUint64(72, registers.rbp, true);
}

export function registersOf(view: DataView): HostRegisters {
  return {
    rdi: view.getBigUint64(16, true),
    rsi: view.getBigUint64(24, true),
    rdx: view.getBigUint64(32, true),
    r8: view.getBigUint64(40, true),
    r9: view.getBigUint64(48, true),
    r10: view.getBigUint64(56, true),
    rsp: view.getBigUint64(64, true),
    rbp: view.getBigUint64(72, true),
  };
}

function isRequestKind(kind: number): kind is RequestKind {
  return kind === RequestKind.ENTER || kind === RequestKind.RESUME || kind === RequestKind.ACCESS;
}
