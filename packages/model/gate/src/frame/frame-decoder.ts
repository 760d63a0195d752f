import { EnclosError } from '@enclos/errors';
import {
  emptyPayload,
  FRAME_HEADER_BYTES,
  FrameKind,
  MAX_STREAM_CHUNK_BYTES,
  headerFault,
  MAX_FRAME_LIMIT_BYTES,
  MIN_FRAME_LIMIT_BYTES,
  protocolViolation,
  readFrameSize,
  readHeader,
  type BegunFrame,
  type Frame,
  type FrameHeader,
} from './frames.ts';
import { LARGE_PAYLOAD_BYTES } from '../transport/transport.ts';

/** An unfinished frame first gets this much room, so that a claimed length alone costs nothing. */
const FIRST_ROOM_BYTES = 65_536;
/**
 * Then it gets room for this many times the bytes that have arrived. Fresh memory costs nothing until it is first written: a
 * small factor would write a large frame several times, a large factor costs only addresses.
 */
const GROWTH = 32;
const LENGTH_BYTES = 4;

export interface FrameDecoderOptions {
  /** The largest whole frame, header included. */
  readonly maxFrameBytes: number;
  /** Sees each well-formed header before any of the payload is kept. If it throws, the frame is refused. */
  readonly checkHeader?: ((header: FrameHeader, payloadBytes: number) => void) | undefined;
  /** Memory for a large payload: at least so many bytes, whatever they hold. Default: new memory for each. */
  readonly memoryFor?: ((sizeBytes: number) => Uint8Array) | undefined;
}

/**
 * Cuts a byte stream into frames; chunk boundaries may be anywhere.
 *
 * A payload is copied exactly once, out of the chunk into its own memory: the transport may reuse its buffer, a kept payload does
 * not keep a whole chunk alive, and no other code can change a payload after it was checked (the copy-once rule of SGX call
 * gates). Pieces of streams and the arguments of small calls are used at once, before anything else runs: their payload is lent
 * until the listener returns. At most one unfinished frame is held, so never more than `maxFrameBytes`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #checkHeader: FrameDecoderOptions['checkHeader'];
  readonly #memoryFor: (sizeBytes: number) => Uint8Array;
  /** The beginning of an unfinished frame, until its header is whole. */
  readonly #head = new Uint8Array(FRAME_HEADER_BYTES);
  readonly #headView = new DataView(this.#head.buffer);
  #headFilled = 0;
  /** Set once the header of the unfinished frame is whole. */
  #frame: BegunFrame | undefined;
  #payload: Uint8Array = emptyPayload;
  /** The memory in which pieces of streams are assembled that do not lie in one chunk. */
  #lent: Uint8Array | undefined;
  #payloadBytes = 0;
  #payloadFilled = 0;
  #framesDone = 0;
  #failed = false;

  /** @throws GATE_INVALID_ARGUMENT when `maxFrameBytes` is out of range. */
  constructor({ maxFrameBytes, checkHeader, memoryFor = newMemory }: FrameDecoderOptions) {
    const isAllowed =
      Number.isInteger(maxFrameBytes) &&
      maxFrameBytes >= MIN_FRAME_LIMIT_BYTES &&
      maxFrameBytes <= MAX_FRAME_LIMIT_BYTES;
    if (!isAllowed) {
      throw new EnclosError(
        'GATE_INVALID_ARGUMENT',
        `maxFrameBytes is not from ${MIN_FRAME_LIMIT_BYTES} to ${MAX_FRAME_LIMIT_BYTES}.`,
      );
    }
    this.#maxFrameBytes = maxFrameBytes;
    this.#checkHeader = checkHeader;
    this.#memoryFor = memoryFor;
  }

  /** The number of the unfinished frame, from 1 on, or 0 when there is none. For a timer on stalled frames. */
  get unfinishedFrame(): number {
    return this.#headFilled === 0 ? 0 : this.#framesDone + 1;
  }

  /** Bytes held of an unfinished frame. */
  get heldBytes(): number {
    return this.#headFilled + this.#payloadFilled;
  }

  /**
   * Hands over each frame that `chunk` completes as soon as it is decoded, so that the effects before a bad frame do not depend
   * on where the chunks were cut.
   * @throws GATE_PROTOCOL_VIOLATION; from then on every call throws it.
   */
  read(chunk: Uint8Array, each: (frame: Frame) => void): void {
    if (this.#failed) throw protocolViolation('bytes after a frame that was refused');
    try {
      // A plain view: slices of a Buffer would share its memory.
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const resumed = this.#headFilled === 0 ? 0 : this.#continueFrame(bytes, 0, each);
      const rest = this.#headFilled === 0 ? this.#wholeFrames(bytes, resumed, each) : resumed;
      if (rest < bytes.length) this.#continueFrame(bytes, rest, each);
    } catch (error) {
      this.#failed = true;
      this.#drop();
      throw error;
    }
  }

  /** Where the next bytes of a large unfinished payload go: read there, and given to `read` next, they are not copied. */
  room(): Uint8Array | undefined {
    if (this.#payloadBytes - this.#payloadFilled < FIRST_ROOM_BYTES) return undefined;
    this.#makeRoom(this.#payloadFilled + 1);
    return this.#payload.subarray(this.#payloadFilled);
  }

  /** The fast path: frames that lie wholly in this chunk. Returns where the first unfinished one starts. */
  #wholeFrames(bytes: Uint8Array, start: number, each: (frame: Frame) => void): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = start;
    while (bytes.length - at >= LENGTH_BYTES) {
      const next = at + readFrameSize(view, at, this.#maxFrameBytes);
      if (next > bytes.length) break;
      const frame = this.#readHeader(view, at, next - at - FRAME_HEADER_BYTES);
      const payloadAt = at + FRAME_HEADER_BYTES;
      this.#framesDone++;
      at = next;
      const isLent = isPiece(frame) || (frame.kind === FrameKind.CALL && next - payloadAt < LARGE_PAYLOAD_BYTES);
      frame.payload = isLent ? bytes.subarray(payloadAt, next) : bytes.slice(payloadAt, next);
      each(frame);
    }
    return at;
  }

  /** Adds the bytes that belong to the unfinished frame, and returns where they end. */
  #continueFrame(bytes: Uint8Array, start: number, each: (frame: Frame) => void): number {
    let at = this.#fillHead(bytes, start, LENGTH_BYTES);
    if (this.#headFilled < LENGTH_BYTES) return at;
    const sizeBytes = readFrameSize(this.#headView, 0, this.#maxFrameBytes);
    at = this.#fillHead(bytes, at, FRAME_HEADER_BYTES);
    if (this.#headFilled < FRAME_HEADER_BYTES) return at;
    if (this.#frame === undefined) {
      this.#payloadBytes = sizeBytes - FRAME_HEADER_BYTES;
      this.#frame = this.#readHeader(this.#headView, 0, this.#payloadBytes);
      if (isPiece(this.#frame)) this.#payload = this.#lent ??= new Uint8Array(MAX_STREAM_CHUNK_BYTES);
    }
    const frame = this.#frame;
    at = this.#fillPayload(bytes, at);
    if (this.#payloadFilled < this.#payloadBytes) return at;
    frame.payload = isPiece(frame) ? this.#payload.subarray(0, this.#payloadBytes) : this.#payload;
    this.#drop();
    this.#framesDone++;
    each(frame);
    return at;
  }

  #readHeader(view: DataView, at: number, payloadBytes: number): BegunFrame {
    const frame = readHeader(view, at);
    const fault = headerFault(frame, payloadBytes);
    if (fault !== undefined) throw protocolViolation(fault);
    this.#checkHeader?.(frame, payloadBytes);
    return frame;
  }

  #fillHead(bytes: Uint8Array, at: number, upTo: number): number {
    const count = Math.max(0, Math.min(upTo - this.#headFilled, bytes.length - at));
    this.#head.set(bytes.subarray(at, at + count), this.#headFilled);
    this.#headFilled += count;
    return at + count;
  }

  #fillPayload(bytes: Uint8Array, at: number): number {
    const count = Math.min(this.#payloadBytes - this.#payloadFilled, bytes.length - at);
    this.#makeRoom(this.#payloadFilled + count);
    const target = this.#payload.subarray(this.#payloadFilled);
    const isThere = bytes.buffer === target.buffer && bytes.byteOffset + at === target.byteOffset;
    if (!isThere) target.set(bytes.subarray(at, at + count));
    this.#payloadFilled += count;
    return at + count;
  }

  /**
   * Grows up to the exact size, so that memory follows the bytes that arrived, not the claimed length. Most large messages begin
   * with one large value, after its length of 3 or 4 bytes: with spare bytes in front, that value is aligned and need not be moved.
   */
  #makeRoom(neededBytes: number): void {
    if (neededBytes <= this.#payload.length) return;
    const room = Math.min(this.#payloadBytes, Math.max(GROWTH * this.#payloadFilled, neededBytes, FIRST_ROOM_BYTES));
    const lead = this.#payloadBytes < LARGE_PAYLOAD_BYTES ? 0 : this.#payloadBytes < 2 ** 21 ? 5 : 4;
    // Not cleared, which would take as long as the kernel's copy: a payload is handed over when all of it has arrived.
    const memory = (room < LARGE_PAYLOAD_BYTES ? newMemory : this.#memoryFor)(lead + room);
    const grown = memory.fill(0, 0, lead).subarray(lead, lead + room);
    grown.set(this.#payload.subarray(0, this.#payloadFilled));
    this.#payload = grown;
  }

  #drop(): void {
    this.#headFilled = 0;
    this.#frame = undefined;
    this.#payload = emptyPayload;
    this.#payloadBytes = 0;
    this.#payloadFilled = 0;
  }
}

/** Its bytes may be anything. */
const newMemory = (sizeBytes: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);

/** A piece of a stream is assembled in memory that will be reused. */
function isPiece({ kind }: FrameHeader): boolean {
  return kind === FrameKind.STREAM_DATA;
}
