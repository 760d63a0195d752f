import { concatBytes } from './bytes.ts';

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
  try {
    if (announced > maxBytes) return undefined;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return concatBytes(...chunks);
      size += value.length;
      if (size > maxBytes) return undefined;
      chunks.push(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
