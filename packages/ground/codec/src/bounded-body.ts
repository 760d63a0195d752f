import { ByteWriter } from './writer.ts';

/**
 * The body of a response, or undefined as soon as it is longer than `maxBytes`.
 * With 0 the body is not wanted, and not read.
 *
 * @param aborted never resolves; rejects when the time is over.
 */
export async function boundedBody(
  response: Response,
  maxBytes: number,
  aborted: Promise<never>,
): Promise<Uint8Array | undefined> {
  // The types of Node leave the chunk open; the standard does not (Fetch, section 2.2.4).
  const body = response.body as ReadableStream<Uint8Array> | null;
  if (body === null) return new Uint8Array();
  if (maxBytes === 0) {
    // Not waited for, here and below: a server that never ends must not hold us either.
    body.cancel().catch(() => undefined);
    return new Uint8Array();
  }
  const announced = Number(response.headers.get('content-length') ?? 0);
  const reader = body.getReader();
  const abort = { isDone: false };
  // Once, and not at each read: a promise that is waited for in a race keeps something for each race.
  aborted.catch(() => {
    abort.isDone = true;
    // The read that is under way ends with it.
    reader.cancel().catch(() => undefined);
  });
  try {
    if (announced > maxBytes) return undefined;
    // Not a list of what came: a server that sends single bytes must not cost an object for each.
    const bytes = new ByteWriter({ maxBytes });
    for (;;) {
      const { done, value } = await reader.read();
      if (abort.isDone) return await aborted;
      if (done) return bytes.finish();
      if (bytes.length + value.length > maxBytes) return undefined;
      bytes.bytes(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
