import { MessageReader, refuse, requireZeros, type Message } from './messages.ts';
import { MAX_EXIT_STACK_BYTES, MAX_WINDOW_BYTES, putRegisters, registersOf, type HostRegisters } from './request.ts';

/** What a thread answers. */
export const AnswerKind = Object.freeze({
  /** EEXIT. */
  EXIT: 1,
  /** An asynchronous exit, as the host sees it. */
  EXCEPTION: 2,
  /** Answer to ACCESS. */
  DATA: 3,
  /** The request was not carried out. */
  REFUSED: 4,
} as const);
export type AnswerKind = (typeof AnswerKind)[keyof typeof AnswerKind];

/** Why a request was not carried out. */
export const RefusalReason = Object.freeze({
  /** A range outside the arena. */
  RANGE: 1,
  /** Too many ranges, or lengths that contradict each other. */
  COUNTS: 2,
  /** RSP or the top of the stack outside the stack of this thread. */
  RSP: 3,
  /** No free frame for an entry, or nothing to resume. */
  CSSA: 4,
} as const);

const headerBytes = 128;

/** What came from a thread. Everything in it may come from a hostile enclave. */
export interface GateAnswer extends HostRegisters {
  readonly kind: AnswerKind;
  /** The exception vector of EXCEPTION, the {@link RefusalReason} of REFUSED, else 0. */
  readonly reason: number;
  /** Frames of the state save area in use, after this. */
  readonly cssa: number;
  /** The page that a page fault is about; else 0. */
  readonly faultPage: bigint;
  /** An exit that the request called final. */
  readonly final: boolean;
  /** Bytes of the untrusted stack from RSP up, of an exit that is not final. */
  readonly stack: Uint8Array;
  /** Bytes at RSI, of an exit that is not final. */
  readonly window: Uint8Array;
  /** What the request wanted to read, in its order: of a final exit and of DATA; else empty. */
  readonly reads: readonly Uint8Array[];
}

/**
 * Cuts what a thread sends after its greeting into answers; `parseGateAnswer` reads each.
 *
 * @param readBytes how many bytes the request under way wants to read, all ranges together
 */
export function gateAnswerReader(readBytes: () => number): MessageReader {
  const maxBodyBytes = (): number => MAX_EXIT_STACK_BYTES + MAX_WINDOW_BYTES + readBytes();
  return new MessageReader({ headerBytes, lengthAt: 4, maxBodyBytes });
}

/**
 * Reads an answer. Its byte arrays share the memory of the message.
 *
 * @param reads the lengths of the ranges that the request wanted to read
 * @throws SGX_WIRE_INVALID for an answer that breaks the protocol
 */
export function parseGateAnswer({ header, body }: Message, reads: readonly number[]): GateAnswer {
  const kind = header.getUint32(0, true);
  if (!isAnswerKind(kind)) refuse(`an answer is of the unknown kind ${kind}.`);
  const finalWord = header.getUint32(96, true);
  if (finalWord > 1 || (finalWord === 1 && kind !== AnswerKind.EXIT)) refuse('an answer of this kind is not final.');
  requireZeros(header, 100);
  const stackBytes = header.getUint32(88, true);
  const windowBytes = header.getUint32(92, true);
  const brings = kind === AnswerKind.EXIT && finalWord === 0;
  if (!brings && stackBytes + windowBytes > 0) refuse('an answer of this kind brings no stack and no window.');
  if (stackBytes + windowBytes > body.length) refuse('an answer ends inside its stack or window.');
  const wanted = kind === AnswerKind.DATA || finalWord === 1 ? reads : [];
  return {
    kind,
    reason: header.getUint32(8, true),
    cssa: header.getUint32(12, true),
    ...registersOf(header),
    faultPage: header.getBigUint64(80, true),
    final: finalWord === 1,
    stack: piece(body, 0, stackBytes),
    window: piece(body, stackBytes, stackBytes + windowBytes),
    reads: cut(body, stackBytes + windowBytes, wanted),
  };
}

const nothing = new Uint8Array();

/** Most answers bring neither stack nor window, and a view costs as much as the rest of an answer. */
function piece(body: Uint8Array, from: number, to: number): Uint8Array {
  return from === to ? nothing : body.subarray(from, to);
}

function cut(body: Uint8Array, from: number, lengths: readonly number[]): readonly Uint8Array[] {
  let at = from;
  const pieces = lengths.map((length) => piece(body, at, (at += length)));
  if (at !== body.length) refuse(`an answer brings ${body.length - from} bytes of memory, not ${at - from}.`);
  return pieces;
}

/** The bytes of an answer. For peers of a host in tests: the stub writes its own. */
export function encodeGateAnswer(answer: GateAnswer): Uint8Array {
  const parts = [answer.stack, answer.window, ...answer.reads];
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new Uint8Array(headerBytes + bodyBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, answer.kind, true);
  view.setUint32(4, bodyBytes, true);
  view.setUint32(8, answer.reason, true);
  view.setUint32(12, answer.cssa, true);
  putRegisters(view, answer);
  view.setBigUint64(80, answer.faultPage, true);
  view.setUint32(88, answer.stack.length, true);
  view.setUint32(92, answer.window.length, true);
  view.setUint32(96, answer.final ? 1 : 0, true);
  let at = headerBytes;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function isAnswerKind(kind: number): kind is AnswerKind {
  return kind >= AnswerKind.EXIT && kind <= AnswerKind.REFUSED;
}
