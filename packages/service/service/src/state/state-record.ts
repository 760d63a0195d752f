import { decodeUtf8 } from '@enclos/codec/text';
import { createHash } from 'node:crypto';
import { ByteReader, ByteWriter, equalBytes, fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { maxRecordBytes } from '../store/store-interface.ts';
import type { StateFormat } from './state.ts';

/** One state as it is kept. */
export interface StateRecord<D> {
  /** Whose state it is: the URL of a tenant or a service. */
  readonly issuer: string;
  /** SHA-256 of the configuration under which it was written, base64url. */
  readonly configurationDigest: string;
  /** From 1 on: what the configuration says is not stored. */
  readonly epoch: number;
  /** Digests of the states before, the newest first: all of them, or `maximumAncestors`. */
  readonly ancestors: readonly string[];
  readonly document: D;
  /** The replica that made this state. Not part of its digest. */
  readonly writer: string;
}

/** How many states a replica may have missed and still know that a new one descends from what it saw. */
export const maximumAncestors = 64;
const digestBytes = 32;
const maximumBytes = Object.freeze({ issuer: 2048, writer: 64 });
const recordTag = (service: string): Uint8Array => utf8(`enclos.${service}-state.v1`);
const digestTag = (service: string): Uint8Array => utf8(`enclos.${service}-state-digest.v1`);

/**
 * The digest of a state, base64url of SHA-256 over: the tag `enclos.SERVICE-state-digest.v1`, the configuration's
 * digest, the epoch (u64), the digest of the state before (zeros for epoch 0), and the SHA-256 of the encoded document.
 * Anyone who has those can compute it.
 */
export function stateDigest<D>(
  state: Pick<StateRecord<D>, 'configurationDigest' | 'epoch' | 'ancestors' | 'document'>,
  { service, encode }: Pick<StateFormat<D>, 'service' | 'encode'>,
): string {
  const { configurationDigest, epoch, ancestors, document } = state;
  const before = ancestors[0] === undefined ? new Uint8Array(digestBytes) : digest(ancestors[0]);
  const signed = new ByteWriter()
    .bytes(digestTag(service))
    .bytes(digest(configurationDigest))
    .u64(BigInt(epoch))
    .bytes(before)
    .bytes(sha256(encode(document)));
  return toBase64url(sha256(signed.finish()));
}

/**
 * One record has one encoding: tag, u16 length and issuer, configuration digest (32 bytes), u64 epoch, u8 number of
 * ancestors and 32 bytes each, u8 length and writer, and the document up to the end.
 *
 * @throws a CODEC error for what has no encoding.
 */
export function encodeStateRecord<D>(
  record: StateRecord<D>,
  { service, encode }: Pick<StateFormat<D>, 'service' | 'encode'>,
): Uint8Array {
  const { issuer, configurationDigest, epoch, ancestors, writer, document } = record;
  checkNumbers(epoch, ancestors.length);
  const encoded = new ByteWriter({ maxBytes: maxRecordBytes });
  encoded.bytes(recordTag(service));
  const issuerBytes = bounded(issuer, maximumBytes.issuer);
  encoded.u16(issuerBytes.length).bytes(issuerBytes).bytes(digest(configurationDigest)).u64(BigInt(epoch));
  encoded.u8(ancestors.length);
  for (const each of ancestors) encoded.bytes(digest(each));
  const writerBytes = bounded(writer, maximumBytes.writer);
  encoded.u8(writerBytes.length).bytes(writerBytes);
  return encoded.bytes(encode(document)).finish();
}

/** Reads all of `bytes`. @throws a CODEC error for every encoding but the one. */
export function decodeStateRecord<D>(
  bytes: Uint8Array,
  { service, decode }: Pick<StateFormat<D>, 'service' | 'decode'>,
): StateRecord<D> {
  if (bytes.length > maxRecordBytes) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A record over its bound.');
  const reader = new ByteReader(bytes);
  const tag = recordTag(service);
  if (!equalBytes(reader.view(tag.length), tag)) throw new EnclosError('CODEC_INVALID', 'Not a record.');
  const issuer = text(reader, reader.u16(), maximumBytes.issuer);
  const configurationDigest = toBase64url(reader.view(digestBytes));
  const epoch = safe(reader.u64());
  const count = reader.u8();
  checkNumbers(epoch, count);
  const ancestors = Array.from({ length: count }, () => toBase64url(reader.view(digestBytes)));
  const writer = text(reader, reader.u8(), maximumBytes.writer);
  const document = decode(reader.bytes(reader.remaining));
  return Object.freeze({
    issuer,
    configurationDigest,
    epoch,
    ancestors: Object.freeze(ancestors),
    document,
    writer,
  });
}

function checkNumbers(epoch: number, ancestors: number): void {
  const isWhole = Number.isSafeInteger(epoch) && epoch >= 1 && ancestors === Math.min(epoch, maximumAncestors);
  if (!isWhole) throw new EnclosError('CODEC_INVALID', 'An epoch that does not fit the states before.');
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new EnclosError('CODEC_OUT_OF_RANGE', 'An epoch over 2^53.');
  return Number(value);
}

function text(reader: ByteReader, length: number, maximum: number): string {
  if (length === 0 || length > maximum) throw new EnclosError('CODEC_OUT_OF_RANGE', `A text over ${maximum} bytes.`);
  return decodeUtf8(reader.view(length));
}

function bounded(value: string, maximum: number): Uint8Array {
  const bytes = utf8(value);
  const fits = bytes.length > 0 && bytes.length <= maximum && decodeUtf8(bytes) === value;
  if (!fits) throw new EnclosError('CODEC_OUT_OF_RANGE', `Not a text of 1 to ${maximum} bytes.`);
  return bytes;
}

/** The 32 bytes of a digest in base64url. @throws CODEC_INVALID */
function digest(base64url: string): Uint8Array {
  const bytes = fromBase64url(base64url, { maxBytes: digestBytes });
  if (bytes.length !== digestBytes) throw new EnclosError('CODEC_INVALID', 'Not a SHA-256 in base64url.');
  return bytes;
}

/** SHA-256 of the parts as one text of bytes; none of them is copied. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
