import { ByteReader, ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/**
 * The passage of companions: a Unix socket of a platform and its enclave. The platform hands over the enclave's end of the channel of each
 * process (SCM_RIGHTS, unix(7)), with one frame. Frames and notices have the same 8 bytes, little-endian.
 */

/** What comes with the channel of a process. */
export interface CompanionFrame {
  /** The place of the companion in the manifest. */
  readonly companion: number;
  /** Which of its processes, from 0. */
  readonly number: number;
  /** From 1: the process that follows another has the next. */
  readonly generation: number;
}

/** What the enclave tells its platform. */
export type CompanionNotice =
  /** Start the processes of a companion, and keep them running. */
  | { readonly kind: 'open'; readonly companion: number }
  /** End one process; another takes its place. One that has ended already is not meant. */
  | ({ readonly kind: 'end' } & CompanionFrame);

export const COMPANION_FRAME_BYTES = 8;

const kinds = { started: 1, open: 2, end: 3 } as const;

export function encodeCompanionFrame({ companion, number, generation }: CompanionFrame): Uint8Array {
  return encode(kinds.started, companion, number, generation);
}

/** @throws GATE_PROTOCOL_VIOLATION, CODEC_* for another number of bytes */
export function decodeCompanionFrame(frame: Uint8Array): CompanionFrame {
  const { kind, companion, number, generation } = decode(frame);
  if (kind !== kinds.started || generation === 0) throw broken();
  return { companion, number, generation };
}

export function encodeCompanionNotice(notice: CompanionNotice): Uint8Array {
  if (notice.kind === 'open') return encode(kinds.open, notice.companion, 0, 0);
  return encode(kinds.end, notice.companion, notice.number, notice.generation);
}

/** @throws GATE_PROTOCOL_VIOLATION, CODEC_* for another number of bytes */
export function decodeCompanionNotice(bytes: Uint8Array): CompanionNotice {
  const { kind, companion, number, generation } = decode(bytes);
  if (kind === kinds.open && number === 0 && generation === 0) return { kind: 'open', companion };
  if (kind !== kinds.end || generation === 0) throw broken();
  return { kind: 'end', companion, number, generation };
}

function encode(kind: number, companion: number, number: number, generation: number): Uint8Array {
  return new ByteWriter({ sizeHint: COMPANION_FRAME_BYTES })
    .u8(kind)
    .u8(companion)
    .u16(number)
    .u32(generation)
    .finish();
}

function decode(bytes: Uint8Array): CompanionFrame & { readonly kind: number } {
  const reader = new ByteReader(bytes);
  const [kind, companion, number, generation] = [reader.u8(), reader.u8(), reader.u16(), reader.u32()];
  reader.end();
  return { kind, companion, number, generation };
}

function broken(): EnclosError {
  return new EnclosError('GATE_PROTOCOL_VIOLATION', 'The other side sent a frame of companions that does not exist.');
}
