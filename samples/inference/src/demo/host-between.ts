import { Readable } from 'node:stream';
import type { OuterFetch } from '@enclos/inference-client';
import type { Forward } from '../server/forward.ts';

/** What stands between the client and the enclave: it sees every byte, and may change them. */
export interface HostBetween {
  readonly fetch: OuterFetch;
  /** How many requests came by. */
  readonly requests: number;
  /** Whether a text was in anything that came by. */
  hasSeen(text: string): boolean;
  /** Changes one bit of the next sealed answer. */
  changeNextAnswer(): void;
}

const sealedAnswer = /^message\/ohttp/;

export function hostBetween(forward: Forward): HostBetween {
  const seen: Buffer[] = [];
  let requests = 0;
  let isHostile = false;
  return Object.freeze<HostBetween>({
    get requests() {
      return requests;
    },
    hasSeen: (text) => seen.some((piece) => piece.includes(text)),
    changeNextAnswer() {
      isHostile = true;
    },
    async fetch(url, { method = 'GET', headers, body, signal }) {
      requests += 1;
      const { pathname, search } = new URL(url);
      const sent =
        body === undefined || body === null ? undefined : new Uint8Array(await new Response(body).arrayBuffer());
      if (sent !== undefined) seen.push(Buffer.from(sent));
      const answer = await forward(`${pathname}${search}`, {
        method,
        headers: Object.fromEntries(new Headers(headers)),
        ...(sent === undefined ? {} : { body: sent }),
        ...(signal === undefined || signal === null ? {} : { signal }),
      });
      const type = answer.headers['content-type'] ?? '';
      const isChanged = isHostile && sealedAnswer.test(type);
      if (isChanged) isHostile = false;
      const watched = Readable.from(watch(answer, seen, isChanged));
      // The stream of node:stream/web is that of the platform.
      const stream = Readable.toWeb(watched) as ReadableStream<Uint8Array<ArrayBuffer>>;
      return new Response(stream, { status: answer.statusCode ?? 502, headers: { 'content-type': type } });
    },
  });
}

async function* watch(pieces: AsyncIterable<Buffer>, seen: Buffer[], isChanged: boolean): AsyncGenerator<Buffer> {
  let toChange = isChanged;
  for await (const piece of pieces) {
    seen.push(piece);
    const copy = Buffer.from(piece);
    if (toChange) copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ 1, copy.length - 1);
    toChange = false;
    yield copy;
  }
}
