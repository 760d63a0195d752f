import { Duplex } from 'node:stream';
import {
  decodePassageNotice,
  encodePassedFrame,
  PASSAGE_NOTICE_BYTES,
  type EnclavePassage,
  type PassageNotice,
  type PassedFrame,
  type PassedSocket,
} from '@enclos/tee/passage';

/** A connected socket without another end. */
export class FakeSocket extends Duplex implements PassedSocket {
  readonly remoteAddress = '192.0.2.1 4242';
  bytesRead = 0;
  bytesWritten = 0;

  override _read(): void {}
}

/** The loader's part of a passage, and the host's end of it. */
export class FakePassage implements EnclavePassage {
  /** What the enclave has told, and in how many writes. */
  readonly notices: PassageNotice[] = [];
  writes = 0;
  onNotice: (notice: PassageNotice) => void = () => undefined;
  #arrived: ((frame: Uint8Array, socket: PassedSocket) => void) | undefined;

  start(arrived: (frame: Uint8Array, socket: PassedSocket) => void): void {
    if (this.#arrived !== undefined) throw new Error('It has begun already.');
    this.#arrived = arrived;
  }

  send(notices: Uint8Array): void {
    this.writes += 1;
    for (let at = 0; at < notices.length; at += PASSAGE_NOTICE_BYTES) {
      const notice = decodePassageNotice(notices.subarray(at, at + PASSAGE_NOTICE_BYTES));
      this.notices.push(notice);
      this.onNotice(notice);
    }
  }

  /** Passes a socket with any 8 bytes. */
  passBytes<S extends PassedSocket>(frame: Uint8Array, socket: S): S {
    this.#arrived?.(frame, socket);
    frame.fill(0xff);
    return socket;
  }

  pass<S extends PassedSocket>(frame: PassedFrame, socket: S): S {
    return this.passBytes(encodePassedFrame(frame), socket);
  }

  accepted(stream: number, listener = 0): FakeSocket {
    return this.pass({ kind: 'accepted', listener, stream }, new FakeSocket());
  }

  connected(stream: number): FakeSocket {
    return this.pass({ kind: 'connected', listener: 0, stream }, new FakeSocket());
  }

  /** The notices since the last time. */
  take(): PassageNotice[] {
    return this.notices.splice(0);
  }
}
