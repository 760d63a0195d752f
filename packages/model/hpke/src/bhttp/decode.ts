import { ByteQueue, concatBytes, isZero } from '@enclos/codec';
import { decodeLatin1 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';
import { longestVarint, readVarint } from '../varint.ts';
import { framingOf } from './encode.ts';
import { checkRequestHead, checkResponseHead, checkedFields, isStatus, refuse } from './message.ts';
import type { BhttpField, BhttpLimits, BhttpRequestHead, BhttpResponseHead } from './message.ts';

/** What a decoder finds, in the order in which it stands. */
export type BhttpEvent<Head> =
  | { readonly type: 'head'; readonly head: Head }
  | { readonly type: 'content'; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly trailer: readonly BhttpField[] };

/** Decodes a message that arrives in pieces, of known or indeterminate length (RFC 9292, section 3). */
export interface BhttpDecoder<Head> {
  /**
   * @param bytes are kept until they are read, so nothing else may write to them.
   * @throws OHTTP_MESSAGE_INVALID.
   */
  readonly push: (bytes: Uint8Array) => readonly BhttpEvent<Head>[];
  /**
   * The message has ended. Sections that were left out at its end count as empty (RFC 9292, section 3.8).
   *
   * @throws OHTTP_MESSAGE_INVALID if it ended inside a section.
   */
  readonly end: () => readonly BhttpEvent<Head>[];
}

/** Waits, by yielding, until more bytes are there. */
type Reading<T> = Generator<void, T>;

class Source {
  readonly queue = new ByteQueue();
  isEnded = false;
  /** What is left of the bound on heads. */
  headBytes: number;
  fields: number;

  constructor({ maxHeadBytes = 65_536, maxFields = 256 }: BhttpLimits) {
    this.headBytes = maxHeadBytes;
    this.fields = maxFields;
  }

  /** Whether bytes are left: false at the end of the message only. */
  *hasMore(): Reading<boolean> {
    while (this.queue.length === 0 && !this.isEnded) yield;
    return this.queue.length > 0;
  }

  *bytes(length: number): Reading<Uint8Array> {
    while (this.queue.length < length) yield* this.more();
    return this.queue.take(length);
  }

  /** Undefined if it is not all there. A generator for each number would take several times as long as the number. */
  varintThere(): number | undefined {
    const found = this.queue.atFront(longestVarint, readVarint);
    if (found === 'invalid') return refuse('A number is too large, or not in its shortest form.');
    if (found !== undefined) this.queue.skip(found.bytes);
    return found?.value;
  }

  *varint(): Reading<number> {
    for (;;) {
      const found = this.varintThere();
      if (found !== undefined) return found;
      yield* this.more();
    }
  }

  /** A text of the head, within its bound. */
  *text(): Reading<string> {
    const length = this.varintThere() ?? (yield* this.varint());
    this.headBytes -= length + 1;
    if (this.headBytes < 0) return refuse('The head has more bytes than its bound.');
    // Latin-1: one character a byte, so that a value goes through unchanged.
    return decodeLatin1(this.queue.length < length ? yield* this.bytes(length) : this.queue.take(length));
  }

  *more(): Reading<void> {
    if (this.isEnded) refuse('The message ends inside a section.');
    yield;
  }
}

function* field(source: Source, name: string): Reading<BhttpField> {
  source.fields--;
  if (source.fields < 0) return refuse('The message has more fields than its bound.');
  return Object.freeze([name, yield* source.text()] as const);
}

/** Fields up to the name of no bytes (RFC 9292, section 3.2). */
function* openSection(source: Source): Reading<readonly BhttpField[]> {
  const fields: BhttpField[] = [];
  if (!(yield* source.hasMore())) return fields;
  for (;;) {
    const name = yield* source.text();
    if (name === '') return Object.freeze(checkedFields(fields));
    fields.push(yield* field(source, name));
  }
}

/** Fields in a section whose length stands before it (RFC 9292, section 3.1), which is read when all of it is there. */
function* knownSection(source: Source): Reading<readonly BhttpField[]> {
  if (source.queue.length === 0 && !(yield* source.hasMore())) return [];
  const length = source.varintThere() ?? (yield* source.varint());
  if (length > source.headBytes) return refuse('The head has more bytes than its bound.');
  const section = source.queue.length < length ? yield* source.bytes(length) : source.queue.take(length);
  return Object.freeze(checkedFields(fieldsIn(section, source)));
}

function fieldsIn(section: Uint8Array, source: Source): readonly BhttpField[] {
  const text = decodeLatin1(section);
  const fields: BhttpField[] = [];
  let at = 0;
  const next = (): string => {
    const length = readVarint(section, at);
    if (length === 'invalid') return refuse('A number is too large, or not in its shortest form.');
    const start = at + (length?.bytes ?? 0);
    if (length === undefined || length.value > text.length - start) return refuse('The message ends inside a section.');
    source.headBytes -= length.value + 1;
    if (source.headBytes < 0) return refuse('The head has more bytes than its bound.');
    at = start + length.value;
    return text.slice(start, at);
  };
  while (at < text.length) {
    const name = next();
    source.fields--;
    if (source.fields < 0) return refuse('The message has more fields than its bound.');
    fields.push(Object.freeze([name, next()] as const));
  }
  return fields;
}

function* requestHead(source: Source, isOpen: boolean): Reading<BhttpRequestHead> {
  const method = yield* source.text();
  const scheme = yield* source.text();
  const authority = yield* source.text();
  const path = yield* source.text();
  const fields = yield* isOpen ? openSection(source) : knownSection(source);
  return Object.freeze(checkRequestHead({ method, scheme, authority, path, fields }));
}

function* responseHead(source: Source, isOpen: boolean): Reading<BhttpResponseHead> {
  for (;;) {
    const status = source.varintThere() ?? (yield* source.varint());
    if (!isStatus(status)) return refuse('The status of a response is not 100 to 599.');
    source.headBytes -= 2;
    const fields = yield* isOpen ? openSection(source) : knownSection(source);
    if (status >= 200) return Object.freeze(checkResponseHead({ status, fields }));
  }
}

interface Decoding<Head> {
  readonly indicators: readonly [known: number, indeterminate: number];
  readonly head: (source: Source, isOpen: boolean) => Reading<Head>;
}

function* message<Head>(
  source: Source,
  { indicators, head }: Decoding<Head>,
  limits: BhttpLimits,
  events: BhttpEvent<Head>[],
): Reading<void> {
  const indicator = source.varintThere() ?? (yield* source.varint());
  const isOpen = indicator === indicators[1];
  if (!isOpen && indicator !== indicators[0]) return refuse('The message is not of the kind that is expected here.');
  events.push({ type: 'head', head: yield* head(source, isOpen) });
  yield* content(source, isOpen, limits.maxContentBytes, (bytes) => events.push({ type: 'content', bytes }));
  const trailer = yield* isOpen ? openSection(source) : knownSection(source);
  // RFC 9292, section 3.8: only zeros may follow.
  while (yield* source.hasMore()) {
    if (!isZero(source.queue.take(source.queue.length))) refuse('Bytes other than padding follow the message.');
  }
  events.push({ type: 'end', trailer });
}

/** One piece, or pieces up to the one of no bytes. Pieces are given out as they arrive. */
function* content(source: Source, isOpen: boolean, bound: number, give: (bytes: Uint8Array) => void): Reading<void> {
  let left = bound;
  // An empty content may be left out at the end. One that has begun may not: its end would be a cut.
  if (source.queue.length === 0 && !(yield* source.hasMore())) return;
  for (;;) {
    let piece = source.varintThere() ?? (yield* source.varint());
    if (piece > left) refuse(`The content has more than ${bound} bytes.`);
    if (isOpen && piece === 0) return;
    left -= piece;
    while (piece > 0) {
      while (source.queue.length === 0) yield* source.more();
      const bytes = source.queue.take(Math.min(piece, source.queue.length));
      piece -= bytes.length;
      give(bytes);
    }
    if (!isOpen) return;
  }
}

function decoder<Head>(decoding: Decoding<Head>, limits: BhttpLimits): BhttpDecoder<Head> {
  const source = new Source(limits);
  const events: BhttpEvent<Head>[] = [];
  const reading = message(source, decoding, limits, events);
  let isOver = false;
  const advance = (): readonly BhttpEvent<Head>[] => {
    // A generator that has thrown is over too, and would pass the rest over in silence.
    if (isOver) return refuse('The message is over.');
    isOver = true;
    isOver = reading.next().done === true;
    return events.splice(0);
  };
  return Object.freeze({
    push: (bytes: Uint8Array) => {
      source.queue.push(bytes);
      return advance();
    },
    end: () => {
      source.isEnded = true;
      return advance();
    },
  });
}

export function bhttpRequestDecoder(limits: BhttpLimits): BhttpDecoder<BhttpRequestHead> {
  const indicators = [framingOf.knownRequest, framingOf.indeterminateRequest] as const;
  return decoder({ indicators, head: requestHead }, limits);
}

export function bhttpResponseDecoder(limits: BhttpLimits): BhttpDecoder<BhttpResponseHead> {
  const indicators = [framingOf.knownResponse, framingOf.indeterminateResponse] as const;
  return decoder({ indicators, head: responseHead }, limits);
}

/** A message that was all there. */
export interface BhttpMessage<Head> {
  readonly head: Head;
  readonly content: Uint8Array;
  readonly trailer: readonly BhttpField[];
}

/** @throws OHTTP_MESSAGE_INVALID. */
export function decodeBhttpRequest(bytes: Uint8Array, limits: BhttpLimits): BhttpMessage<BhttpRequestHead> {
  return whole(bhttpRequestDecoder(limits), bytes);
}

/** @throws OHTTP_MESSAGE_INVALID. */
export function decodeBhttpResponse(bytes: Uint8Array, limits: BhttpLimits): BhttpMessage<BhttpResponseHead> {
  return whole(bhttpResponseDecoder(limits), bytes);
}

function whole<Head>(decoding: BhttpDecoder<Head>, bytes: Uint8Array): BhttpMessage<Head> {
  const events = [...decoding.push(bytes), ...decoding.end()];
  const [first] = events;
  const last = events.at(-1);
  if (first?.type !== 'head' || last?.type !== 'end') throw new EnclosError('OHTTP_MESSAGE_INVALID');
  const pieces = events.flatMap((event) => (event.type === 'content' ? [event.bytes] : []));
  const [only] = pieces;
  const joined = pieces.length === 1 && only !== undefined ? only : concatBytes(...pieces);
  return Object.freeze({ head: first.head, content: joined, trailer: last.trailer });
}
