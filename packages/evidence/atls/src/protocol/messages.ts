import { ByteReader, ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { modeNumber, type Mode } from '../roles.ts';

/** ALPN (RFC 7301): the protocol that an attested peer must speak. */
export const alpnProtocol = 'enclos-atls/1';

/** What the two sides say to each other. See docs/protocol.md of this package. */
export type Message =
  /** Asks the other side for evidence. */
  | { readonly kind: 'challenge'; readonly nonce: Uint8Array; readonly leastMode: Mode }
  /** The nonce of a server that asks for no evidence. */
  | { readonly kind: 'nonce'; readonly nonce: Uint8Array }
  | Evidence
  /** The evidence was accepted; bytes of the application may follow. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

export interface Evidence {
  readonly kind: 'evidence';
  readonly mode: Mode;
  /** For mode fresh. In mode cached the quote is in the certificate. */
  readonly quote: Uint8Array;
  /** For mode cached: the signature by the leaf key. */
  readonly signature: Uint8Array;
  /** Endorsements, if the sender has some: as untrusted as all else. */
  readonly endorsements: Uint8Array;
}

/** Why a side closes the connection, in as many words as a stranger needs. */
export type RefusalReason = keyof typeof reasonNumber;

export type MessageKind = Message['kind'];

export const nonceBytes = 32;
/** Bounds of the parts of evidence. A quote with its chain has 5 KB, collateral 40; a signature of P-521 has 139 bytes. */
export const maximumBytes = Object.freeze({ quote: 131_072, signature: 160, endorsements: 524_288 });

const kindNumber: Readonly<Record<MessageKind, number>> = Object.freeze({
  challenge: 1,
  nonce: 2,
  evidence: 3,
  accepted: 4,
  refused: 5,
});
const reasonNumber = Object.freeze({ protocol: 1, evidence: 2, policy: 3, 'no-evidence': 4 });

const version = 1;
export const headerBytes = 6;
const evidenceBytes = 1 + 4 + 2 + 4;
/** The largest payload of each kind: what a header may announce. */
const maximumPayload: Readonly<Record<MessageKind, number>> = Object.freeze({
  challenge: nonceBytes + 1,
  nonce: nonceBytes,
  evidence: evidenceBytes + maximumBytes.quote + maximumBytes.signature + maximumBytes.endorsements,
  accepted: 0,
  refused: 1,
});

export interface Header {
  readonly kind: MessageKind;
  readonly payloadBytes: number;
}

/** One frame: u8 version, u8 kind, u32 length of the payload, the payload. Integers are little-endian. */
export function encodeMessage(message: Message): Uint8Array {
  const payload = encodePayload(message);
  return new ByteWriter({ sizeHint: headerBytes + payload.length })
    .u8(version)
    .u8(kindNumber[message.kind])
    .u32(payload.length)
    .bytes(payload)
    .finish();
}

/**
 * The first `headerBytes` of a frame.
 * @throws CODEC_INVALID for another version or kind, CODEC_OUT_OF_RANGE for a payload that this kind cannot have.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) throw new EnclosError('CODEC_INVALID', 'A frame of another version.');
  const kind = keyOf(kindNumber, reader.u8());
  const payloadBytes = reader.u32();
  if (payloadBytes > maximumPayload[kind]) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A frame of kind ${kind} with ${payloadBytes} bytes.`);
  }
  return { kind, payloadBytes };
}

/** @throws a CODEC error. */
export function decodePayload(kind: MessageKind, payload: Uint8Array): Message {
  const reader = new ByteReader(payload);
  const message = readPayload(kind, reader);
  reader.end();
  return Object.freeze(message);
}

function encodePayload(message: Message): Uint8Array {
  const writer = new ByteWriter();
  switch (message.kind) {
    case 'challenge':
      return writer.fixed(message.nonce, nonceBytes).u8(modeNumber[message.leastMode]).finish();
    case 'nonce':
      return writer.fixed(message.nonce, nonceBytes).finish();
    case 'evidence': {
      const { mode, quote, signature, endorsements } = message;
      writer.u8(modeNumber[mode]).u32(quote.length).u16(signature.length).u32(endorsements.length);
      return writer.bytes(quote).bytes(signature).bytes(endorsements).finish();
    }
    case 'accepted':
      return writer.finish();
    case 'refused':
      return writer.u8(reasonNumber[message.reason]).finish();
  }
}

function readPayload(kind: MessageKind, reader: ByteReader): Message {
  switch (kind) {
    case 'challenge':
      return { kind, nonce: reader.bytes(nonceBytes), leastMode: keyOf(modeNumber, reader.u8()) };
    case 'nonce':
      return { kind, nonce: reader.bytes(nonceBytes) };
    case 'evidence':
      return readEvidence(reader);
    case 'accepted':
      return { kind };
    case 'refused':
      return { kind, reason: keyOf(reasonNumber, reader.u8()) };
  }
}

/** A fresh quote without a signature, or a signature without a quote: what the other mode has would be ignored. */
function readEvidence(reader: ByteReader): Evidence {
  const mode = keyOf(modeNumber, reader.u8());
  const quoteBytes = bounded(reader.u32(), maximumBytes.quote);
  const signatureBytes = bounded(reader.u16(), maximumBytes.signature);
  const endorsementBytes = bounded(reader.u32(), maximumBytes.endorsements);
  const isWhole = mode === 'fresh' ? quoteBytes > 0 && signatureBytes === 0 : quoteBytes === 0 && signatureBytes > 0;
  if (!isWhole) throw new EnclosError('CODEC_INVALID', `Evidence that is not of mode ${mode}.`);
  const quote = reader.bytes(quoteBytes);
  const signature = reader.bytes(signatureBytes);
  return { kind: 'evidence', mode, quote, signature, endorsements: reader.bytes(endorsementBytes) };
}

function bounded(length: number, maximum: number): number {
  if (length > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', `A part over ${maximum} bytes.`);
  return length;
}

function keyOf<K extends string>(numbers: Readonly<Record<K, number>>, wanted: number): K {
  for (const key in numbers) if (numbers[key] === wanted) return key;
  throw new EnclosError('CODEC_INVALID', `No value has the number ${wanted}.`);
}
