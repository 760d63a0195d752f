import { isEnclosError } from '@enclos/errors';
import { defaultLimits, type HttpLimits } from '../src/limits.ts';
import { RequestReader } from '../src/reading/request-reader.ts';

/** What a request came to: what was read of it, or the status of its refusal. */
export type Outcome =
  | {
      readonly method: string;
      readonly path: string;
      readonly query: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string;
      readonly stays: boolean;
      /** How many bytes of the input are behind it. */
      readonly restBytes: number;
    }
  | { readonly status: number }
  | 'unfinished';

export const small: HttpLimits = {
  ...defaultLimits,
  maxBodyBytes: 1000,
  maxHeaderBytes: 1000,
  maxUrlBytes: 200,
  maxHeaders: 20,
};

/** Reads one request in pieces that end at these places. */
export function read(bytes: Uint8Array, cuts: readonly number[] = [], limits: HttpLimits = defaultLimits): Outcome {
  const reader = new RequestReader(limits);
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  const pieces: Buffer[] = [];
  let from = 0;
  try {
    for (const end of ends) {
      const piece = Buffer.from(bytes.subarray(from, end));
      let at = 0;
      while (at < piece.length && reader.stage !== 'done') {
        at = reader.read(piece, at);
        if (reader.stage === 'before body') reader.openBody(limits.maxBodyBytes);
        else if (reader.piece !== undefined) pieces.push(reader.piece);
      }
      if (reader.stage === 'done') return outcome(reader, Buffer.concat(pieces), bytes.length - from - at);
      from = end;
    }
    return 'unfinished';
  } catch (error) {
    if (!isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) throw error;
    return { status: Number(error.details['status']) };
  }
}

function outcome({ head }: RequestReader, body: Buffer, restBytes: number): Outcome {
  if (head === undefined) throw new Error('A request that is read has a head.');
  return {
    method: head.method,
    path: head.path,
    query: head.query,
    headers: [...head.headers],
    body: body.toString('latin1'),
    stays: head.wantsToStay,
    restBytes,
  };
}

/** Lines as they go over the wire, and what is behind them. */
export function message(lines: readonly string[], body = ''): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
}

export const host = 'Host: a.test';
/** Good and bad ones, for tests that change them. */
export const samples: readonly Buffer[] = [
  message(['GET / HTTP/1.1', host]),
  message(['GET /a/b?c=d&e=%20 HTTP/1.1', host, 'Accept: */*', 'Accept: text/html', 'X-Empty:', 'X-Blank: \t a b \t']),
  message(['POST /p HTTP/1.1', host, 'Content-Length: 5'], 'hello'),
  message(
    ['POST /p HTTP/1.1', host, 'Content-Length: 5', 'Expect: 100-continue', 'Connection: close'],
    'hello, and more',
  ),
  message(['PUT /p HTTP/1.1', host, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
  message(
    ['PUT /p HTTP/1.1', host, 'Transfer-Encoding: Chunked'],
    '5;a=b;c="d e"\r\nhello\r\n00A\r\n0123456789\r\n0;last\r\nTrailer: dropped\r\n\r\n',
  ),
  message(['GET http://A.test/x?y HTTP/1.1', host]),
  message(['GET /old HTTP/1.0', 'Connection: keep-alive']),
  message(['OPTIONS /x HTTP/1.1', 'host: [::1]:8443', 'Connection: Keep-Alive, Close']),
  message(['HEAD /x HTTP/1.1', host, 'Authorization: Basic YTpi', 'Content-Type: text/plain', 'X-Old: \xe4']),
];
