import { misused } from './errors.ts';
import { isSendable } from './fields.ts';
import type { HttpResponse } from './types.ts';

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

/** Said by the server: of the connection, of lengths, and of the time when it is given one. */
const ownFields = new Set([
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

/** What the server says by itself. */
export function refusal(status: number): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${reasons[status] ?? status}\n` };
}

export interface ResponseFrame {
  /** Of the request; HEAD is answered with the head alone. */
  readonly method: string;
  readonly connection: 'close' | 'keep-alive' | undefined;
  /** RFC 9110 section 6.6.1. */
  readonly date: Date | undefined;
}

/** Up to here head and body are put together for one write; beyond, the copy costs more than a second buffer. */
const togetherBytes = 16_384;

/**
 * The bytes of a response, in one buffer or two.
 * @throws HTTP_MISUSED for what is no response, or would be read as more than one.
 */
export function encodeResponse(response: HttpResponse, frame: ResponseFrame): readonly Buffer[] {
  const { status, body = '' } = response;
  if (!Number.isInteger(status) || status < 200 || status > 599) misused('The status is not from 200 to 599.');
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) misused('The body is neither bytes nor a string.');
  const isWithoutBody = status === 204 || status === 304;
  const bodyBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  // RFC 9110 section 8.6: none with 204; with 304 it would be that of another response.
  const length = isWithoutBody ? '' : `content-length: ${bodyBytes}\r\n`;
  const date = frame.date === undefined ? '' : `date: ${frame.date.toUTCString()}\r\n`;
  const connection = frame.connection === undefined ? '' : `connection: ${frame.connection}\r\n`;
  const head = `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${fieldsOf(response)}${date}${length}${connection}\r\n`;
  const sentBytes = isWithoutBody || frame.method === 'HEAD' ? 0 : bodyBytes;
  if (sentBytes > togetherBytes) return [Buffer.from(head, 'latin1'), bufferOf(body)];
  const all = Buffer.allocUnsafe(head.length + sentBytes);
  all.write(head, 0, 'latin1');
  if (sentBytes > 0) putBody(all, head.length, body);
  return [all];
}

function fieldsOf({ headers = {} }: HttpResponse): string {
  let text = '';
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (ownFields.has(key)) misused(`The header ${key} is set by the server.`);
    if (seen.has(key)) misused(`The header ${key} is there twice.`);
    // The value may be a secret.
    if (!isSendable(name, value)) misused('A header has a name or a value that cannot be sent.');
    seen.add(key);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

function bufferOf(body: Uint8Array | string): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(body.buffer, body.byteOffset, body.length);
}

function putBody(all: Buffer, at: number, body: Uint8Array | string): void {
  if (typeof body === 'string') all.write(body, at, 'utf8');
  else all.set(body, at);
}
