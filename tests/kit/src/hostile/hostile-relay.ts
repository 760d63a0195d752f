import { FrameKind, type Frame } from '@enclos/gate';

const empty = { table: 0, functionIndex: 0, parentCallId: 0, timeoutMs: 0, payload: new Uint8Array() };

/** The host's end of all streams: it hears what the enclave says, and says what a test wants. */
export class HostileRelay {
  /** Every frame of a stream but those of data. */
  readonly heard: Frame[] = [];
  /** The streams that the enclave asked for, oldest first. */
  readonly streams: number[] = [];
  /** Set when the gate is open. */
  send: (frame: Frame) => void = () => undefined;
  readonly #pieces: Frame[] = [];

  readonly hear = (frame: Frame): void => {
    if (frame.kind !== FrameKind.STREAM_DATA) this.heard.push(frame);
    // A piece is lent.
    else this.#pieces.push({ ...frame, payload: Uint8Array.from(frame.payload) });
  };

  /** What the enclave has sent of a stream. */
  said(stream: number): Buffer {
    return Buffer.concat(this.#pieces.filter(({ callId }) => callId === stream).map(({ payload }) => payload));
  }

  hasSaid(kind: FrameKind, stream: number): boolean {
    return this.heard.some((frame) => frame.kind === kind && frame.callId === stream);
  }

  data(stream: number, ...pieces: readonly Uint8Array[]): void {
    for (const payload of pieces) this.#say(FrameKind.STREAM_DATA, stream, { payload });
  }

  credit(stream: number, sizeBytes: number): void {
    this.#say(FrameKind.STREAM_CREDIT, stream, { parentCallId: sizeBytes });
  }

  end(stream: number): void {
    this.#say(FrameKind.STREAM_END, stream);
  }

  close(stream: number): void {
    this.#say(FrameKind.STREAM_CLOSE, stream);
  }

  #say(kind: FrameKind, stream: number, fields: Partial<Frame> = {}): void {
    this.send({ ...empty, kind, callId: stream, ...fields });
  }
}
