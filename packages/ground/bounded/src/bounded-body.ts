import { ByteWriter } from '@enclos/codec';
import { untilAborted } from './deadline.ts';

/**
 * The body of a response, or undefined as soon as it is longer than `maxBytes`.
 * With 0 the body is not wanted, and not read.
 *
 * @throws the reason of `signal` when it aborts first; what the stream of the body throws.
 */
export async function boundedBody(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  // The types of Node do not say what a chunk is; the standard does (Fetch, section 2.2.4).
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body === null) return new Uint8Array();
  if (maxBytes === 0) {
    // Not waited for, here and below: a server that never ends must not hold us either.
    body.cancel().catch(() => undefined);
    return new Uint8Array();
  }
  const announced = Number(response.headers.get('content-length') ?? 0);
  const reader = body.getReader();
  try {
    if (announced > maxBytes) return undefined;
    // Not a list of chunks: a server that sends single bytes must not cost us an object for each.
    const bytes = new ByteWriter({ maxBytes });
    for (;;) {
      const { done, value } = await untilAborted(signal, reader.read());
      if (done) return bytes.finish();
      if (bytes.length + value.length > maxBytes) return undefined;
      bytes.bytes(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
