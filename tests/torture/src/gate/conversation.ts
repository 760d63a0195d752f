import type { Duplex } from 'node:stream';
import type { Counts } from './counts.ts';
import { Finding } from './finding.ts';
import { joined } from './mutate.ts';
import type { FunctionShape, InterfaceShape } from './shape.ts';
import { Streams } from './streams.ts';
import { isUtf8, isValue } from './values.ts';
import { headerBytes, Kind, referenceDecode, throwCode, wireBytes, type WireFrame } from './wire.ts';

const kindNames = ['', ...Object.keys(Kind)];

/** The functions of both sides, by table. `offered` is what the peer serves, `wanted` what it calls. */
export interface Grammar {
  readonly offered: readonly (readonly FunctionShape[])[];
  readonly wanted: readonly (readonly FunctionShape[])[];
  /** The codes with which the peer may answer. */
  readonly codes: ReadonlySet<string>;
  readonly maxFrameBytes: number;
}

export function tables(...interfaces: readonly InterfaceShape[]): Pick<Grammar, 'offered' | 'wanted'> {
  return { offered: interfaces.map((one) => one.trusted), wanted: interfaces.map((one) => one.untrusted) };
}

/** A call of ours that the peer has not answered. */
export interface OurCall {
  readonly frame: WireFrame;
  /** The peer gives back what it was sent, when it is a value at all. */
  readonly isEcho: boolean;
  /** It was cancelled, or has a deadline: it may be answered with an error whatever it is. */
  mayFail: boolean;
  /** An error is no answer to it at all. */
  readonly mustSucceed?: true;
}

/** A call of the peer that we have not answered. */
export interface TheirCall {
  readonly frame: WireFrame;
  readonly shape: FunctionShape;
}

/**
 * One connection to a peer, by hand: what is sent is bytes, and what comes back is held to the
 * grammar with a decoder of our own.
 */
export class Conversation {
  /** By id. */
  readonly ours = new Map<number, OurCall>();
  readonly theirs = new Map<number, TheirCall>();
  /** With the calls that wait for a connection: those are not among `theirs`, and nobody has to answer them. */
  readonly streams: Streams;
  /** Set when what we sent need not follow the rules any more: then its answers need not be the ones that we wait for. */
  isWild = false;
  hasEnded = false;
  finding: Finding | undefined;
  readonly #stream: Duplex;
  readonly #grammar: Grammar;
  readonly #heard: Map<string, number>;
  #rest: Uint8Array = new Uint8Array(0);
  #greeted = false;
  #goodbye = false;
  #wake: () => void = () => undefined;
  #nextId = 1;

  /** @param counts of what the peer says. */
  constructor(stream: Duplex, grammar: Grammar, { heard, relayed }: Pick<Counts, 'heard' | 'relayed'>) {
    this.#stream = stream;
    this.#heard = heard;
    this.streams = new Streams(relayed);
    this.#grammar = grammar;
    // A chunk of a gate is valid only until its listener returns.
    stream.on('data', (chunk: Uint8Array) => this.#receive(new Uint8Array(chunk)));
    stream.resume();
    stream.on('error', () => undefined);
    stream.on('close', () => {
      this.hasEnded = true;
      this.#wake();
    });
  }

  get hasGreeted(): boolean {
    return this.#greeted;
  }

  /** An id that is ours and free. */
  takeId(): number {
    for (;;) {
      const id = this.#nextId;
      this.#nextId = id + 2 > 0xffff_ffff ? 1 : id + 2;
      if (!this.ours.has(id)) return id;
    }
  }

  /** Ids go on from here: near the end of their range they come round. */
  continueFrom(id: number): void {
    this.#nextId = (id | 1) >>> 0;
  }

  write(bytes: Uint8Array): void {
    if (!this.hasEnded) this.#stream.write(bytes);
  }

  send(frame: WireFrame): void {
    this.write(wireBytes(frame));
  }

  /** Says that nothing more is written, and goes on reading. */
  halfClose(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /**
   * Waits until the condition holds, the connection ends, or there is a finding.
   * @throws Finding, also when it takes too long.
   */
  async until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.finding === undefined && !this.hasEnded && !holds()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Finding(`It hangs: not within ${withinMs} ms ${what}.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.finding !== undefined) throw this.finding;
  }

  #receive(chunk: Uint8Array): void {
    const stream = this.#rest.length === 0 ? chunk : joined([this.#rest, chunk]);
    const { frames, end, consumed } = referenceDecode(stream, this.#grammar.maxFrameBytes);
    this.#rest = stream.slice(consumed);
    try {
      for (const frame of frames) this.#take(frame);
      if (end === 'refused') throw new Finding('It sent what is no frame.');
    } catch (error) {
      this.finding ??= error instanceof Finding ? error : new Finding(String(error));
    }
    this.#wake();
  }

  #take(frame: WireFrame): void {
    if (this.#goodbye) throw new Finding('It said something after its goodbye.');
    if (!this.#greeted !== (frame.kind === Kind.HELLO)) throw new Finding('It greeted twice, or too late.');
    this.#greeted = true;
    this.#count(frame);
    switch (frame.kind) {
      case Kind.CALL:
        return this.#called(frame);
      case Kind.RETURN:
      case Kind.THROW:
        return this.#answered(frame);
      case Kind.CANCEL:
        // Crossed with our answer, or of a call that we shall answer: nothing to hold it to.
        if (frame.callId % 2 !== 0) throw new Finding('It cancelled a call that is not its own.');
        return;
      case Kind.LOG:
        if (!isUtf8(frame.payload)) throw new Finding('It logged what is no text.');
        return;
      case Kind.GOODBYE:
        this.#goodbye = true;
        return;
      default:
        // Only the kinds of streams are left.
        if (!this.isWild && frame.kind !== Kind.HELLO) this.streams.heard(frame);
    }
  }

  #count({ kind, table, index, payload }: WireFrame): void {
    const name = this.#grammar.wanted[table]?.[index]?.name ?? 'what there is not';
    const what = new Map<number, string>([
      [Kind.CALL, `CALL ${name}`],
      [Kind.THROW, `THROW ${throwCode(payload) ?? ''}`],
    ]).get(kind);
    const key = what ?? kindNames[kind] ?? '';
    this.#heard.set(key, (this.#heard.get(key) ?? 0) + 1);
  }

  #called(frame: WireFrame): void {
    const { table, index, callId, parentId, payload } = frame;
    const shape = this.#grammar.wanted[table]?.[index];
    if (shape === undefined) throw new Finding(`It called function ${index} of table ${table}, which there is not.`);
    const isUsed = this.theirs.has(callId) || this.streams.accepts.some((accept) => accept.callId === callId);
    if (callId % 2 !== 0 || isUsed) throw new Finding('It called with an id that is not free.');
    if (!isValue(shape.parameters, payload)) throw new Finding(`It called ${shape.name} with what are no arguments.`);
    const isNested = parentId !== 0 && !this.isWild;
    if (isNested && !this.ours.has(parentId)) throw new Finding('It called as part of a call that is over.');
    if (shape.name !== 'streamAccept') this.theirs.set(callId, { frame, shape });
    else if (!this.isWild) this.streams.asked(callId, payload, shape);
  }

  #answered(frame: WireFrame): void {
    const call = this.ours.get(frame.callId);
    this.ours.delete(frame.callId);
    if (call === undefined && !this.isWild) throw new Finding('It answered a call twice, or one that was not made.');
    if (frame.kind === Kind.THROW) return this.#threw(frame, call);
    if (call === undefined || this.isWild) return;
    const { table, index, payload } = call.frame;
    const shape = this.#grammar.offered[table]?.[index];
    if (shape === undefined || !isValue(shape.parameters, payload)) {
      throw new Finding(
        `It served ${shape?.name ?? 'a function that there is not'}, called with what are no arguments.`,
      );
    }
    if (!isValue(shape.result, frame.payload)) throw new Finding(`It gave what is no result of ${shape.name}.`);
    if (call.isEcho && Buffer.compare(payload, frame.payload) !== 0) {
      throw new Finding(`It gave something else back from ${shape.name}.`);
    }
  }

  #threw(frame: WireFrame, call: OurCall | undefined): void {
    const code = throwCode(frame.payload);
    const isAllowed = code !== undefined && this.#grammar.codes.has(code);
    if (!isAllowed) throw new Finding(`It raised ${code ?? 'what is no error'}.`);
    if (call?.mustSucceed === true && !this.isWild) throw new Finding(`It answered a right call with ${code}.`);
    if (call === undefined || call.mayFail || !call.isEcho || this.isWild || code === 'GATE_BUSY') return;
    const shape = this.#grammar.offered[call.frame.table]?.[call.frame.index];
    const isRight = shape !== undefined && isValue(shape.parameters, call.frame.payload);
    if (isRight) throw new Finding(`It refused the arguments of ${shape.name} with ${code}, and they are right.`);
    if (code !== 'EDL_VALUE_REFUSED') throw new Finding(`It refused wrong arguments with ${code}.`);
  }
}

/** The largest payload of a frame that the peer takes. */
export function largestPayload({ maxFrameBytes }: Grammar): number {
  return maxFrameBytes - headerBytes;
}
