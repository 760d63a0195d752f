import { isJsonObject, parseJson, type JsonObject } from '@enclos/codec/json';
import { createHash } from 'node:crypto';
import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';

/** An event that has no place in a log yet. Names and numbers only: no key, no report data, nothing that an enclave wrote. */
export interface AuditEvent {
  readonly event: string;
  readonly [field: string]: string | number | boolean;
}

/** One line of a log. */
export interface AuditRecord {
  /** From 1, without a gap, also across files. */
  readonly seq: number;
  readonly time: string;
  /** SHA-256 of the previous line, hex; zeros in the first record. */
  readonly prev: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** The end of a chain: the number and the hash of its last record. */
export interface ChainHead {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
}

export const emptyChain: ChainHead = Object.freeze({ seq: 0, hash: '0'.repeat(64) });

/** The line feed is not counted. */
export const maxLineBytes = 4096;

/** The record that follows `head`, as a line without its line feed. */
export function encodeRecord(head: ChainHead, time: Date, { event, ...fields }: AuditEvent): string {
  const line = JSON.stringify({ seq: head.seq + 1, time: time.toISOString(), prev: head.hash, event, ...fields });
  if (Buffer.byteLength(line) > maxLineBytes) {
    throw new EnclosError('PLATFORM_AUDIT_FAILED', `The record of ${event} is longer than ${maxLineBytes} bytes.`);
  }
  return line;
}

export function headAfter(seq: number, line: Uint8Array | string): ChainHead {
  return Object.freeze({ seq, hash: createHash('sha256').update(line).digest('hex') });
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Reads one line in exactly the form in which it is written: a line with the same meaning in another form was not written by
 * this platform.
 * @returns undefined for everything else.
 */
export function parseRecord(line: Uint8Array): AuditRecord | undefined {
  if (line.length > maxLineBytes) return undefined;
  const value = parseCanonical(line);
  if (value === undefined) return undefined;
  const { seq, time, prev, event, ...fields } = value;
  const isRecord =
    Object.keys(value).slice(0, 4).join() === 'seq,time,prev,event' &&
    typeof seq === 'number' &&
    Number.isSafeInteger(seq) &&
    seq > 0 &&
    typeof time === 'string' &&
    timePattern.test(time) &&
    typeof prev === 'string' &&
    /^[0-9a-f]{64}$/.test(prev) &&
    typeof event === 'string' &&
    /^[a-z][a-z-]*$/.test(event) &&
    areFields(fields);
  return isRecord ? Object.freeze({ seq, time, prev, event, fields: Object.freeze(fields) }) : undefined;
}

function areFields(fields: Readonly<Record<string, unknown>>): fields is AuditRecord['fields'] {
  return Object.entries(fields).every(
    ([name, value]) => /^[a-zA-Z][a-zA-Z0-9]*$/.test(name) && ['string', 'number', 'boolean'].includes(typeof value),
  );
}

function parseCanonical(line: Uint8Array): JsonObject | undefined {
  try {
    const text = decodeUtf8(line);
    const value = parseJson(text, maxLineBytes);
    return isJsonObject(value) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
