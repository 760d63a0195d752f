import { Finding } from './finding.ts';
import type { FunctionShape } from './shape.ts';
import { Kind, pieceBytes, windowBytes, type WireFrame } from './wire.ts';

/** What a torture did with streams, in numbers. */
export interface Relayed {
  opened: number;
  sentBytes: number;
  echoedBytes: number;
}

/** A call in which the enclave waits for a connection. */
export interface Accept {
  readonly callId: number;
  readonly stream: number;
  readonly shape: FunctionShape;
}

/** Our end of one stream of the enclave: what both have said of it, and what may be said still. */
export interface Stream {
  readonly id: number;
  /** The enclave gives back what it gets. Otherwise it reads nothing, and says nothing. */
  readonly isEcho: boolean;
  /** Its connection was given, so that somebody in the enclave has it. */
  isOpen: boolean;
  /** Its connection was refused, or what was given is none: the enclave gives it up. */
  isRefused: boolean;
  /** What we may send, and what came and was not granted again. */
  room: number;
  ungranted: number;
  readonly we: { hasEnded: boolean; hasClosed: boolean };
  readonly they: { hasEnded: boolean; hasClosed: boolean };
  /** Sent, and not come back yet. */
  readonly awaited: Uint8Array[];
}

/** All streams of one conversation, held to the rules of packages/model/gate/README.md. */
export class Streams {
  readonly #open = new Map<number, Stream>();
  /** Connections that the enclave waits for: they may be given, refused or left alone. */
  readonly accepts: Accept[] = [];
  readonly relayed: Relayed;

  constructor(relayed: Relayed) {
    this.relayed = relayed;
  }

  get all(): readonly Stream[] {
    return [...this.#open.values()];
  }

  /** The enclave asks for a connection. @throws Finding */
  asked(callId: number, payload: Uint8Array, shape: FunctionShape): void {
    const nameBytes = payload[0] ?? 0;
    const listener = Buffer.from(payload.subarray(1, 1 + nameBytes)).toString('latin1');
    const id = Buffer.from(payload.subarray(1 + nameBytes)).readUInt32LE();
    if (listener !== 'echo' && listener !== 'mute') throw new Finding(`It listens to ${listener}.`);
    if (id === 0 || this.#open.has(id)) throw new Finding(`It asks for a stream ${id}, and that is not free.`);
    this.accepts.push({ callId, stream: id, shape });
    this.#open.set(id, {
      id,
      isEcho: listener === 'echo',
      isOpen: false,
      isRefused: false,
      room: windowBytes,
      ungranted: 0,
      we: { hasEnded: false, hasClosed: false },
      they: { hasEnded: false, hasClosed: false },
      awaited: [],
    });
  }

  /** We have answered its call. */
  answered({ callId, stream }: Accept, isGiven: boolean): void {
    const at = this.accepts.findIndex((accept) => accept.callId === callId);
    if (at !== -1) this.accepts.splice(at, 1);
    const one = this.#open.get(stream);
    if (one === undefined) return;
    one.isOpen = isGiven;
    one.isRefused = !isGiven;
    if (isGiven) this.relayed.opened += 1;
  }

  /** We send this, and may. */
  sent({ kind, callId, parentId, payload }: WireFrame): void {
    const stream = this.#open.get(callId);
    if (stream === undefined) return;
    if (kind === Kind.STREAM_DATA) {
      stream.room -= pieceBytes + payload.length;
      if (stream.isEcho) stream.awaited.push(payload);
      this.relayed.sentBytes += payload.length;
    } else if (kind === Kind.STREAM_CREDIT) stream.ungranted -= parentId;
    else if (kind === Kind.STREAM_END) stream.we.hasEnded = true;
    else {
      stream.we.hasClosed = true;
      this.#forgetWhenOver(stream);
    }
  }

  /** The enclave said this. @throws Finding when it may not. */
  heard({ kind, callId, parentId, payload }: WireFrame): void {
    const stream = this.#open.get(callId);
    if (stream === undefined) throw new Finding('It said something of a stream that there is not.');
    if (stream.they.hasClosed) throw new Finding('It said something of a stream that it had closed.');
    if (kind === Kind.STREAM_DATA) return this.#came(stream, payload);
    if (kind === Kind.STREAM_CREDIT) {
      stream.room += parentId;
      if (stream.room > windowBytes) throw new Finding('It granted what it was not sent.');
      return;
    }
    if (kind === Kind.STREAM_END) return ended(stream);
    const isOver = stream.we.hasEnded && stream.they.hasEnded;
    if (!isOver && !stream.isRefused && !stream.we.hasClosed) throw new Finding('It gave up a stream that was well.');
    stream.they.hasClosed = true;
    this.#forgetWhenOver(stream);
  }

  /** Whether everything has come that must come when we wait. */
  isQuiet(): boolean {
    return this.all.every((stream) => {
      const { isEcho, isOpen, isRefused, we, awaited } = stream;
      if (we.hasClosed || isRefused) return false;
      return !isOpen || !isEcho || (awaited.length === 0 && !we.hasEnded);
    });
  }

  #came(stream: Stream, payload: Uint8Array): void {
    if (stream.they.hasEnded) throw new Finding('It sent bytes behind its end of a stream.');
    stream.ungranted += pieceBytes + payload.length;
    if (stream.ungranted > windowBytes) throw new Finding('It sent more of a stream than it was granted.');
    for (let at = 0; at < payload.length;) {
      const [first] = stream.awaited;
      const part = payload.subarray(at, at + (first?.length ?? 0));
      if (first === undefined || Buffer.compare(part, first.subarray(0, part.length)) !== 0) {
        throw new Finding('It gave back other bytes than it was sent.');
      }
      if (part.length === first.length) stream.awaited.shift();
      else stream.awaited[0] = first.subarray(part.length);
      at += part.length;
    }
    this.relayed.echoedBytes += payload.length;
  }

  #forgetWhenOver({ id, we, they }: Stream): void {
    if (we.hasClosed && they.hasClosed) this.#open.delete(id);
  }
}

function ended(stream: Stream): void {
  if (stream.they.hasEnded) throw new Finding('It ended a stream twice.');
  if (!stream.we.hasEnded || stream.awaited.length > 0) throw new Finding('It ended a stream that goes on.');
  stream.they.hasEnded = true;
}
