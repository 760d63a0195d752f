import { misused } from '../errors.ts';
import { isSendable } from '../reading/fields.ts';
import type { HttpResponse } from '../types.ts';

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

/** The server sets these: for the connection, for lengths, and for the date if it has one. */
export const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The server's own answer, without a handler. */
export function refusal(status: number): WholeResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${reasons[status] ?? status}\n` };
}

export interface ResponseFrame {
  /** The method of the request; HEAD is answered with only the head. */
  readonly method: string;
  readonly connection: 'close' | 'keep-alive' | undefined;
  /** The field `date` with its line end, or `''`. */
  readonly dateField: string;
}

/**
 * Bytes to send. A string holds ASCII only, so it is the same in every encoding: the stream writes it without a buffer of
 * ours.
 */
export type Sendable = Buffer | string;

/** All of it is ASCII: other encodings would look at every character again. */
export const sendableEncoding = 'latin1';

/** A response whose body is in memory. */
export interface WholeResponse extends HttpResponse {
  readonly body?: Uint8Array | string | undefined;
}

/** How the body of a streamed response ends: with its last chunk, or with the connection (HTTP/1.0 has no chunks). */
export type StreamFraming = 'chunked' | 'closed';

/** Up to this size, several pieces are joined for one write; beyond it, the copy costs more than a second buffer. */
const togetherBytes = 1024;
const statusesWithoutBody = new Set([204, 304]);

/** RFC 9112 section 6.3, rule 1: neither HEAD nor these statuses have a body, whatever the head says. */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && !statusesWithoutBody.has(status);
}

/**
 * The bytes of a response, in one piece or two.
 * @throws HTTP_MISUSED when it is not a response, or could be read as more than one.
 */
export function encodeResponse(response: WholeResponse, frame: ResponseFrame): readonly Sendable[] {
  const { status, body = '' } = response;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    misused('The body is neither bytes, nor a string, nor an async iterable.');
  }
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  // RFC 9110 section 8.6: no length with 204; with 304 it would be the length of another response.
  const length = statusesWithoutBody.has(status) ? '' : `content-length: ${bodyBytes}\r\n`;
  const head = encodeHead(response, frame, length);
  if (bodyBytes === 0 || !hasBody(frame.method, status)) return [head];
  if (bodyBytes > togetherBytes) return [head, sendableOf(body, bodyBytes)];
  if (isAscii(body, bodyBytes)) return [head + body];
  const all = Buffer.allocUnsafe(head.length + bodyBytes);
  all.write(head, 0, 'latin1');
  putBody(all, head.length, body);
  return [all];
}

/**
 * The head of a response whose body comes in pieces.
 * @throws HTTP_MISUSED as `encodeResponse`.
 */
export function encodeStreamHead(response: HttpResponse, frame: ResponseFrame, framing: StreamFraming): string {
  // RFC 9112 section 6.1: no transfer coding with 204. HEAD gets the same fields as GET.
  const isChunked = framing === 'chunked' && !statusesWithoutBody.has(response.status);
  return encodeHead(response, frame, isChunked ? 'transfer-encoding: chunked\r\n' : '');
}

/** RFC 9112 section 7.1. A peer that never gets it knows that the body is not complete. */
export const lastChunk = '0\r\n\r\n';

/**
 * One piece of a streamed body.
 * @returns nothing for an empty piece, which as a chunk would be the last one.
 * @throws HTTP_MISUSED for what is neither bytes nor a string.
 */
export function encodePiece(piece: Uint8Array | string, framing: StreamFraming): readonly Sendable[] {
  if (typeof piece !== 'string' && !(piece instanceof Uint8Array)) {
    misused('A piece of the body is neither bytes nor a string.');
  }
  const bytes = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
  if (bytes === 0) return [];
  if (framing === 'closed') return [sendableOf(piece, bytes)];
  const line = `${bytes.toString(16)}\r\n`;
  if (isAscii(piece, bytes)) return [`${line}${piece}\r\n`];
  if (bytes > togetherBytes) return [line, sendableOf(piece, bytes), endOfChunk];
  const chunk = Buffer.allocUnsafe(line.length + bytes + endOfChunk.length);
  chunk.write(line, 0, 'latin1');
  putBody(chunk, line.length, piece);
  chunk.write(endOfChunk, line.length + bytes, 'latin1');
  return [chunk];
}

const endOfChunk = '\r\n';

/** @param framing the field that says how the body ends. */
function encodeHead(response: HttpResponse, frame: ResponseFrame, framing: string): string {
  const { status } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) misused('The status is not from 200 to 599.');
  const connection = frame.connection === undefined ? '' : `connection: ${frame.connection}\r\n`;
  return `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${fieldsOf(response)}${frame.dateField}${framing}${connection}\r\n`;
}

function fieldsOf({ headers = {}, cookies }: HttpResponse): string {
  let text = '';
  let hasCapitals = false;
  for (const name of Object.keys(headers)) {
    const key = name.toLowerCase();
    if (key !== name) hasCapitals = true;
    if (connectionFields.has(key)) misused(`The header ${key} is set by the server.`);
    text += fieldOf(name, headers[name]);
  }
  // Keys of an object are distinct, so two of them are one name only when one has a capital.
  if (hasCapitals) checkDistinct(Object.keys(headers));
  if (cookies !== undefined) for (const cookie of cookies) text += fieldOf('set-cookie', cookie);
  return text;
}

function fieldOf(name: string, value: unknown): string {
  // The value may be a secret.
  if (!isSendable(name, value)) misused('A header has a name or a value that cannot be sent.');
  return `${name}: ${value}\r\n`;
}

function checkDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const key = name.toLowerCase();
    if (seen.has(key)) misused(`The header ${key} is there twice.`);
    seen.add(key);
  }
}

/** Whether it is text whose bytes in UTF-8 are its characters. */
function isAscii(body: Uint8Array | string, bodyBytes: number): body is string {
  return typeof body === 'string' && body.length === bodyBytes;
}

function sendableOf(body: Uint8Array | string, bodyBytes: number): Sendable {
  if (isAscii(body, bodyBytes)) return body;
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(body.buffer, body.byteOffset, body.length);
}

function putBody(all: Buffer, at: number, body: Uint8Array | string): void {
  if (typeof body === 'string') all.write(body, at, 'utf8');
  else all.set(body, at);
}
