import { FRAME_HEADER_BYTES, frameSizeBytes, writeFrame, writeHeader, type Frame } from './frames.ts';
import { LARGE_PAYLOAD_BYTES, type Transport } from '../transport/transport.ts';

/** Frames of one tick are sent together, in pieces of at most this size, which the peer reads at once. */
const BATCH_BYTES = 65_536;
/** So much of calls and answers leaves before the tick is over, so that the peer, on another core, begins with it. */
const EARLY_BYTES = 16_384;
/** How often a flush may wait for frames that are still being produced in this tick. */
const MAX_DEFERRALS = 16;
/**
 * Backlog of refusals at which we stop reading. Everything else in the queue
 * is bounded by the call limits, and two busy peers can only empty their queues by reading on; only refusals grow with the
 * input of a peer. A peer whose own `maxPendingCalls` is below 8192 never causes this much.
 */
const REFUSALS_HIGH_WATER_BYTES = 1_048_576;

/** A callback of this promise costs a fifth of `queueMicrotask`, which makes a resource for hooks. */
const settled = Promise.resolve();

interface Memory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

interface Batch {
  memory: Memory;
  length: number;
  refusalBytes: number;
  /** The number of its last frame. */
  lastFrame: number;
  readonly afterSend: (() => void)[];
}

export interface FrameWriterEvents {
  /** True: too many refusals wait, stop reading. False: read on. */
  overloaded(value: boolean): void;
  /** The transport threw. */
  failed(error: unknown): void;
}

/**
 * Sends frames in order: batches what one tick produces into one
 * `transport.send`, and keeps the rest while the transport is congested.
 */
export class FrameWriter {
  readonly #transport: Transport;
  readonly #events: FrameWriterEvents;
  readonly #streamTurns: number;
  #queue: Batch[] = [];
  #current: Batch | undefined;
  /** Memory of a batch that has left, for the next one. */
  #spare: Memory | undefined;
  #queuedBytes = 0;
  #refusalBytes = 0;
  #overloaded = false;
  #congested = false;
  #held = false;
  #stopped = false;
  #pumping = false;
  #flushScheduled = false;
  #isGathering = false;
  #framesSeen = 0;
  #frames = 0;
  #framesTaken = 0;
  #deferrals = 0;
  #finished: (() => void) | undefined;
  readonly #flushTurn = (): void => this.#flushOrDefer();

  /** @param streamTurns the turns of the event loop for which pieces of streams wait for others. */
  constructor(transport: Transport, events: FrameWriterEvents, streamTurns = 0) {
    this.#transport = transport;
    this.#events = events;
    this.#streamTurns = streamTurns;
  }

  /** True when a log line may be added without delaying anything: not while a batch of them waits for the greeting. */
  get hasRoomForLog(): boolean {
    return !this.#congested && this.#queuedBytes < BATCH_BYTES;
  }

  /**
   * Copies the frame into the current batch, except for a large payload, which is taken over.
   * @returns its number, for `hasTaken`.
   */
  send(frame: Frame): number {
    this.sendThen(frame);
    return this.#frames;
  }

  /** The transport has the frame, or takes it in this turn, so a peer that knows of it need not have guessed. */
  hasTaken(frame: number): boolean {
    return !this.#congested || frame <= this.#framesTaken;
  }

  /** Sends a frame that the peer provoked and that none of our limits bounds. */
  sendRefusal(frame: Frame): void {
    if (!this.#stopped) this.#append(frame, true);
    this.#scheduleFlush();
  }

  /** As `send`, then runs `afterSend`: at once, or under congestion when the transport has taken the frame. */
  sendThen(frame: Frame, afterSend?: () => void): void {
    if (this.#stopped) return afterSend?.();
    this.#append(frame, false, afterSend);
    const isEnough = this.#current !== undefined && this.#current.length >= EARLY_BYTES;
    if (isEnough && !this.#congested && !this.#held) this.#sealAndPump();
    else this.#scheduleFlush();
  }

  /** As `sendThen`, for a frame of a stream: it waits for others, but no longer than a frame that follows it. */
  sendGathered(frame: Frame, afterSend?: () => void): void {
    if (this.#stopped) return afterSend?.();
    this.#append(frame, false, afterSend);
    if (!this.#isGathering) this.#gather(this.#streamTurns);
  }

  /** Sends what is waiting, then holds everything until `release`. */
  hold(): void {
    this.#sealAndPump();
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#sealAndPump();
  }

  /** The transport is no longer congested. */
  drained(): void {
    this.#congested = false;
    this.#sealAndPump();
  }

  /** Sends `last` after the waiting frames (held frames are dropped), and runs `done` when the transport has taken it. */
  finish(last: Frame, done: () => void): void {
    if (this.#held) this.#forget();
    this.#held = false;
    this.#append(last, false);
    this.#finished = done;
    this.#sealAndPump();
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#stopped = true;
    this.#forget();
  }

  #append(frame: Frame, isRefusal: boolean, afterSend?: () => void): void {
    if (frame.payload.length >= LARGE_PAYLOAD_BYTES) return this.#appendLarge(frame, afterSend);
    const sizeBytes = frameSizeBytes(frame.payload);
    const batch = this.#batchFor(sizeBytes);
    const mustWait = this.#congested;
    writeFrame(frame, batch.memory, batch.length);
    batch.length += sizeBytes;
    this.#queuedBytes += sizeBytes;
    batch.lastFrame = ++this.#frames;
    if (isRefusal) this.#addRefusal(batch, sizeBytes);
    if (afterSend !== undefined && mustWait) batch.afterSend.push(afterSend);
    if (batch.length >= BATCH_BYTES) this.#sealAndPump();
    if (afterSend !== undefined && !mustWait) afterSend();
  }

  /** The header ends a batch, and the payload is the next one. */
  #appendLarge(frame: Frame, afterSend?: () => void): void {
    const { payload } = frame;
    const head = this.#batchFor(FRAME_HEADER_BYTES);
    writeHeader(frame, head.memory, head.length);
    head.length += FRAME_HEADER_BYTES;
    this.#queuedBytes += FRAME_HEADER_BYTES + payload.length;
    head.lastFrame = this.#frames;
    this.#queue.push(head, {
      memory: { bytes: payload, view: head.memory.view },
      length: payload.length,
      refusalBytes: 0,
      lastFrame: ++this.#frames,
      afterSend: afterSend === undefined ? [] : [afterSend],
    });
    this.#current = undefined;
    this.#pump();
  }

  #addRefusal(batch: Batch, sizeBytes: number): void {
    batch.refusalBytes += sizeBytes;
    this.#refusalBytes += sizeBytes;
    this.#updateOverload();
  }

  #batchFor(sizeBytes: number): Batch {
    // A loop, because callbacks after a send may begin another batch.
    for (let current = this.#current; current !== undefined; current = this.#current) {
      if (current.length + sizeBytes <= BATCH_BYTES) return current;
      this.#sealAndPump();
    }
    const memory = sizeBytes > BATCH_BYTES ? newMemory(sizeBytes) : (this.#spare ?? newMemory(BATCH_BYTES));
    this.#spare = undefined;
    this.#current = { memory, length: 0, refusalBytes: 0, lastFrame: 0, afterSend: [] };
    return this.#current;
  }

  /** Waits on while each turn brings a frame, for at most `turns`: a turn without one has no others to wait for. */
  #gather(turns: number, frames = this.#frames): void {
    this.#isGathering = turns > 0;
    if (this.#isGathering) setImmediate(() => this.#gather(this.#frames === frames ? 0 : turns - 1));
    else this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#current === undefined) return;
    this.#flushScheduled = true;
    this.#framesSeen = 0;
    this.#deferrals = 0;
    void settled.then(this.#flushTurn);
  }

  /**
   * Answers of concurrent handlers arrive in microtasks: as long as each turn brings new frames, the batch is not complete.
   */
  #flushOrDefer(): void {
    if (this.#frames !== this.#framesSeen && this.#deferrals < MAX_DEFERRALS) {
      this.#framesSeen = this.#frames;
      this.#deferrals++;
      void settled.then(this.#flushTurn);
      return;
    }
    this.#flushScheduled = false;
    // Under congestion the batch stays open and fills up.
    if (!this.#congested && !this.#held) this.#sealAndPump();
  }

  #sealAndPump(): void {
    const batch = this.#current;
    if (batch !== undefined) {
      this.#current = undefined;
      this.#queue.push(batch);
    }
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#congested && !this.#held && !this.#stopped) {
        const batch = this.#queue.shift();
        if (batch === undefined) break;
        this.#sendBatch(batch);
      }
    } catch (error) {
      this.#events.failed(error);
    } finally {
      this.#pumping = false;
    }
    this.#updateOverload();
    this.#finishIfEmpty();
  }

  #sendBatch(batch: Batch): void {
    this.#queuedBytes -= batch.length;
    this.#refusalBytes -= batch.refusalBytes;
    this.#framesTaken = batch.lastFrame;
    const { bytes } = batch.memory;
    // Memory that was made for one frame, or taken over, has another size.
    const isOurs = bytes.length === BATCH_BYTES;
    // A transport that has not sent the last batch holds this one too, and would hold all of its memory for a few bytes.
    const isCopied = isOurs && batch.length < BATCH_BYTES / 4 && this.#transport.hasSent?.() !== true;
    this.#congested = !this.#transport.send(isCopied ? bytes.slice(0, batch.length) : bytes.subarray(0, batch.length));
    if (isCopied || (isOurs && this.#transport.hasSent?.() === true)) this.#spare = batch.memory;
    for (const afterSend of batch.afterSend) afterSend();
  }

  #updateOverload(): void {
    const limit = this.#overloaded ? REFUSALS_HIGH_WATER_BYTES / 2 : REFUSALS_HIGH_WATER_BYTES;
    const overloaded = this.#refusalBytes > limit;
    if (overloaded === this.#overloaded) return;
    this.#overloaded = overloaded;
    this.#events.overloaded(overloaded);
  }

  #finishIfEmpty(): void {
    const finished = this.#finished;
    if (finished === undefined || this.#queue.length > 0 || this.#current !== undefined) return;
    this.#finished = undefined;
    finished();
  }

  #forget(): void {
    this.#queue = [];
    this.#current = undefined;
    this.#queuedBytes = 0;
    this.#refusalBytes = 0;
  }
}

function newMemory(sizeBytes: number): Memory {
  const bytes = new Uint8Array(sizeBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}
