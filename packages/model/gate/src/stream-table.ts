import { FrameKind, MAX_STREAM_CHUNK_BYTES, protocolViolation, simpleFrame, type Frame } from './frame/frames.ts';

/** The bytes of one stream and direction that may be in transit or unread. More must be granted before they are sent. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
/** What each piece counts for besides its bytes: a window full of one-byte pieces would take a hundred times its size. */
export const STREAM_PIECE_BYTES = 256;

/**
 * Sends a frame of a stream. A refusal is a frame that the peer provoked and that none of our limits bounds. `taken` is called
 * when the frame no longer waits here: at once, or under congestion when the transport takes it.
 */
export type SendStream = (frame: Frame, isRefusal: boolean, taken?: () => void) => void;

/** Events of one stream from the peer. None follows `closed` or our own `close`. */
export interface StreamEvents {
  /** 1 to 64 KiB, lent: copy bytes that are needed after this call. */
  data(bytes: Uint8Array): void;
  /** There is room to send more. */
  room(): void;
  /** The peer sends no more. */
  ended(): void;
  /** The peer has given up the stream, in both directions. */
  closed(): void;
}

/** Our end of one stream. */
export interface StreamPort {
  /** Bytes that may be sent now. */
  readonly room: number;
  /** The peer has ended its direction. */
  readonly isEnded: boolean;
  /** Sends as much of `bytes` as there is room for, and returns how much that is. The bytes are copied before it returns. */
  send(bytes: Uint8Array): number;
  /** No more will be sent. */
  end(): void;
  /** Lets the peer send more as its bytes are used; `unreadBytes` of them are still held here. */
  grant(unreadBytes: number): void;
  /** Gives up the stream, in both directions. Idempotent. */
  close(): void;
}

export interface StreamTableOptions {
  readonly send: SendStream;
  /** Answers the close of an unknown stream. For the side that does not choose the numbers: see `StreamTable`. */
  readonly answersStrangers: boolean;
}

/**
 * The streams of one side of a gate, by number. Bytes cross only as far as the
 * other side has granted, so neither can fill the other's memory: not by what it
 * sends, and not by granting what it does not read. A stream is forgotten when both sides have closed it: until then its number
 * is in use, and bytes in transit to a closed stream are dropped.
 *
 * One side chooses the numbers and asks the other, by a call, to open a stream.
 * It makes its port before it asks. When asking fails it cannot know whether
 * there is a stream, so it closes; the other side answers such a close even
 * when it has none.
 */
export class StreamTable {
  readonly #ports = new Map<number, Port>();
  readonly #options: StreamTableOptions;

  constructor(options: StreamTableOptions) {
    this.#options = options;
  }

  /** The number of streams that are not forgotten. */
  get size(): number {
    return this.#ports.size;
  }

  has(id: number): boolean {
    return this.#ports.has(id);
  }

  /** `forgotten` is called once, when the number is free again. The number must be free. */
  open(id: number, events: StreamEvents, forgotten: () => void): StreamPort {
    const port = new Port(id, events, {
      send: (frame, taken) => this.#options.send(frame, false, taken),
      forget: () => {
        this.#ports.delete(id);
        forgotten();
      },
    });
    this.#ports.set(id, port);
    return port;
  }

  /** @throws GATE_PROTOCOL_VIOLATION for a frame that the peer may not send. */
  received(frame: Frame): void {
    const port = this.#ports.get(frame.callId);
    if (port !== undefined) return port.received(frame);
    if (frame.kind !== FrameKind.STREAM_CLOSE || !this.#options.answersStrangers) {
      throw protocolViolation('something of a stream that is not open');
    }
    this.#options.send(simpleFrame(FrameKind.STREAM_CLOSE, frame.callId), true);
  }
}

/** Sizes of the pieces that are not fully used, oldest first. */
class UnreadPieces {
  readonly #sizes: number[] = [];
  /** The places of the oldest piece and of the next one. Entries outside are stale. */
  #first = 0;
  #end = 0;
  #bytes = 0;

  add(sizeBytes: number): void {
    this.#sizes[this.#end++] = sizeBytes;
    this.#bytes += sizeBytes;
  }

  /** Marks all but the last `unreadBytes` as used. @returns what the used pieces count for */
  use(unreadBytes: number): number {
    let usedBytes = 0;
    while (this.#first < this.#end) {
      const size = this.#sizes[this.#first] ?? 0;
      if (this.#bytes - size < unreadBytes) break;
      this.#bytes -= size;
      usedBytes += STREAM_PIECE_BYTES + size;
      this.#first++;
    }
    const areAllUsed = this.#first === this.#end;
    if (areAllUsed || this.#first > STREAM_WINDOW_BYTES / STREAM_PIECE_BYTES) {
      if (!areAllUsed) this.#sizes.copyWithin(0, this.#first, this.#end);
      this.#end -= this.#first;
      this.#first = 0;
    }
    return usedBytes;
  }
}

interface PortOwner {
  send(frame: Frame, taken?: () => void): void;
  forget(): void;
}

class Port implements StreamPort {
  readonly #id: number;
  readonly #events: StreamEvents;
  readonly #owner: PortOwner;
  /** What we may send, and what the peer may send. */
  #room = STREAM_WINDOW_BYTES;
  #window = STREAM_WINDOW_BYTES;
  /** Bytes that we have sent and the transport has not taken: the peer cannot have used them. */
  #waitingBytes = 0;
  /** Bytes that arrived and are not used yet, and bytes that are used and not granted again. */
  readonly #unread = new UnreadPieces();
  #usedBytes = 0;
  #isEnded = false;
  #hasClosed = false;
  #isClosed = false;

  constructor(id: number, events: StreamEvents, owner: PortOwner) {
    this.#id = id;
    this.#events = events;
    this.#owner = owner;
  }

  get room(): number {
    return this.#room;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  send(bytes: Uint8Array): number {
    if (this.#hasClosed) return bytes.length;
    let at = 0;
    while (at < bytes.length && this.#room > STREAM_PIECE_BYTES) {
      const end = Math.min(bytes.length, at + Math.min(MAX_STREAM_CHUNK_BYTES, this.#room - STREAM_PIECE_BYTES));
      this.#sendPiece(end - at === bytes.length ? bytes : bytes.subarray(at, end));
      at = end;
    }
    return at;
  }

  end(): void {
    this.#send(simpleFrame(FrameKind.STREAM_END, this.#id));
  }

  grant(unreadBytes: number): void {
    this.#usedBytes += this.#unread.use(unreadBytes);
    // Half a window at once: a grant for every piece would be as many frames as the pieces.
    if (this.#isEnded || this.#usedBytes < STREAM_WINDOW_BYTES / 2) return;
    const usedBytes = this.#usedBytes;
    this.#usedBytes = 0;
    const frame = { ...simpleFrame(FrameKind.STREAM_CREDIT, this.#id), parentCallId: usedBytes };
    // A peer that does not read has no grant, and so cannot pile them up.
    this.#send(frame, () => void (this.#window += usedBytes));
  }

  close(): void {
    if (this.#hasClosed) return;
    this.#send(simpleFrame(FrameKind.STREAM_CLOSE, this.#id));
    this.#hasClosed = true;
    if (this.#isClosed) this.#owner.forget();
  }

  received(frame: Frame): void {
    if (this.#isClosed) throw protocolViolation('something of a stream that it has closed');
    switch (frame.kind) {
      case FrameKind.STREAM_DATA:
        return this.#data(frame.payload);
      case FrameKind.STREAM_CREDIT:
        return this.#credit(frame.parentCallId);
      case FrameKind.STREAM_END:
        return this.#ended();
      default:
        return this.#closed();
    }
  }

  #data(bytes: Uint8Array): void {
    if (this.#isEnded) throw protocolViolation('bytes after the end of a stream');
    this.#window -= STREAM_PIECE_BYTES + bytes.length;
    if (this.#window < 0) throw protocolViolation('more bytes of a stream than were granted');
    if (this.#hasClosed) return;
    this.#unread.add(bytes.length);
    this.#events.data(bytes);
  }

  #credit(amount: number): void {
    this.#room += amount;
    if (this.#room > STREAM_WINDOW_BYTES - this.#waitingBytes) throw protocolViolation('a grant for what was not sent');
    if (!this.#hasClosed) this.#events.room();
  }

  #ended(): void {
    if (this.#isEnded) throw protocolViolation('a second end of a stream');
    this.#isEnded = true;
    if (!this.#hasClosed) this.#events.ended();
  }

  #closed(): void {
    this.#isClosed = true;
    if (this.#hasClosed) this.#owner.forget();
    else this.#events.closed();
  }

  #sendPiece(bytes: Uint8Array): void {
    const size = STREAM_PIECE_BYTES + bytes.length;
    this.#room -= size;
    this.#waitingBytes += size;
    this.#send(simpleFrame(FrameKind.STREAM_DATA, this.#id, bytes), () => void (this.#waitingBytes -= size));
  }

  #send(frame: Frame, taken?: () => void): void {
    if (!this.#hasClosed) this.#owner.send(frame, taken);
  }
}
