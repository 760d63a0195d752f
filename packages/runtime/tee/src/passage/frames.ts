import { ByteReader, ByteWriter } from '@enclos/codec';
import type { EnclosError } from '@enclos/errors';
import { protocolViolation } from '@enclos/gate';

/**
 * The passage: a Unix socket through which the host of an enclave hands over connected sockets (SCM_RIGHTS, unix(7)), each with
 * one frame. Its frames have fixed sizes and are little-endian.
 */

/** What comes with a socket. */
export interface PassedFrame {
  /** `accepted`: a connection to a listener. `connected`: the answer to a `streamConnect` of the enclave. */
  readonly kind: 'accepted' | 'connected';
  /** The place of the listener in the manifest; 0 for `connected`. */
  readonly listener: number;
  /** `accepted`: the host's number for it. `connected`: the number that the enclave gave. Never 0. */
  readonly stream: number;
}

/** What the enclave tells its host. */
export type PassageNotice =
  /** The host may pass so many more connections of a listener. */
  | { readonly kind: 'grant'; readonly listener: number; readonly count: number }
  /** The enclave has stopped listening: pass nothing until the next grant. */
  | { readonly kind: 'withdraw'; readonly listener: number }
  /** A stream is over; that of a listener makes room for another one. */
  | {
      readonly kind: 'accepted-ended' | 'connected-ended';
      readonly stream: number;
      /** 0 unless the enclave's code chose to tell them. */
      readonly bytesRead: bigint;
      readonly bytesWritten: bigint;
    };

export const PASSED_FRAME_BYTES = 8;
export const PASSAGE_NOTICE_BYTES = 24;

const passedKinds = ['accepted', 'connected'] as const;
const noticeKinds = ['grant', 'withdraw', 'accepted-ended', 'connected-ended'] as const;

export function encodePassedFrame(frame: PassedFrame): Uint8Array {
  return Uint8Array.from(passedFrameText(frame), (character) => character.charCodeAt(0));
}

/**
 * A frame as text, one character for each byte: what a pipe of the interpreter takes. It is made in one step, because a host that
 * passes one connection after another runs cold code each time.
 */
export function passedFrameText({ kind, listener, stream }: PassedFrame): string {
  const number = kind === 'accepted' ? 1 : 2;
  const [low, high] = [stream & 0xffff, stream >>> 16];
  return String.fromCharCode(number, listener, 0, 0, low & 0xff, low >>> 8, high & 0xff, high >>> 8);
}

/** @throws GATE_PROTOCOL_VIOLATION, CODEC_* for another number of bytes */
export function decodePassedFrame(frame: Uint8Array): PassedFrame {
  const reader = new ByteReader(frame);
  const kind = passedKinds[reader.u8() - 1];
  const listener = reader.u8();
  const zero = reader.u16();
  const stream = reader.u32();
  reader.end();
  if (kind === undefined || zero !== 0 || stream === 0 || (kind === 'connected' && listener !== 0)) throw broken();
  return { kind, listener, stream };
}

export function encodePassageNotice(notice: PassageNotice): Uint8Array {
  const writer = new ByteWriter({ sizeHint: PASSAGE_NOTICE_BYTES }).u8(noticeKinds.indexOf(notice.kind) + 1);
  if (notice.kind === 'grant') return writer.u8(notice.listener).u16(0).u32(notice.count).u64(0n).u64(0n).finish();
  if (notice.kind === 'withdraw') return writer.u8(notice.listener).u16(0).u32(0).u64(0n).u64(0n).finish();
  return writer.u8(0).u16(0).u32(notice.stream).u64(notice.bytesRead).u64(notice.bytesWritten).finish();
}

/** @throws GATE_PROTOCOL_VIOLATION, CODEC_* for another number of bytes */
export function decodePassageNotice(frame: Uint8Array): PassageNotice {
  const reader = new ByteReader(frame);
  const kind = noticeKinds[reader.u8() - 1];
  const listener = reader.u8();
  const zero = reader.u16();
  const value = reader.u32();
  const bytesRead = reader.u64();
  const bytesWritten = reader.u64();
  reader.end();
  if (kind === undefined || zero !== 0) throw broken();
  if (kind === 'accepted-ended' || kind === 'connected-ended') {
    if (listener !== 0 || value === 0) throw broken();
    return { kind, stream: value, bytesRead, bytesWritten };
  }
  if (bytesRead !== 0n || bytesWritten !== 0n || (kind === 'withdraw') !== (value === 0)) throw broken();
  return kind === 'grant' ? { kind, listener, count: value } : { kind, listener };
}

function broken(): EnclosError {
  return protocolViolation('a frame on the passage that does not exist');
}
