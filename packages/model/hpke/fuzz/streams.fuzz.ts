import { isDeepStrictEqual } from 'node:util';
import { concatBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  azureFraming,
  boundFraming,
  chunkedFraming,
  ehbpFraming,
  wholeMessage,
  type ChunkFraming,
} from '../src/chunks/framing.ts';
import { ChunkOpener, streamSealer, type MessageOpener } from '../src/chunks/stream.ts';
import type { SealingForm } from '../src/engine.ts';

const framings: readonly ChunkFraming[] = [wholeMessage, chunkedFraming, azureFraming, ehbpFraming, boundFraming];
const limits = { maxBytes: 300 };
/** In place of an AEAD: a tag of the mark, so that a mutated stream gets past it often. */
const tagOf = (mark?: Uint8Array): Uint8Array => new Uint8Array(16).fill(mark?.length ?? 0);
const transparent = {
  seal: (plaintext: Uint8Array, mark: Uint8Array, { room = 0 }: SealingForm) =>
    concatBytes(new Uint8Array(room), plaintext, tagOf(mark)),
  open: (ciphertext: Uint8Array) => ciphertext.subarray(0, Math.max(0, ciphertext.length - 16)),
};
/** An engine that answers at once, and one that answers later. */
const openers: readonly MessageOpener[] = [
  transparent,
  { open: async (ciphertext) => Promise.resolve(transparent.open(ciphertext)) },
];

/** The first byte chooses the framing. */
export async function seeds(): Promise<readonly Uint8Array[]> {
  return Promise.all(
    framings.map(async (framing, index) => {
      const sealer = streamSealer(transparent, framing, Uint8Array.of(index));
      const parts =
        framing === wholeMessage
          ? []
          : [await sealer.seal(new Uint8Array(5), false), await sealer.seal(new Uint8Array(0), false)];
      return concatBytes(sealer.head, ...parts, await sealer.seal(new Uint8Array(70), true));
    }),
  );
}

interface Reading {
  readonly messages: MessageOpener;
  /** Bytes of a piece. */
  readonly size: number;
  /** Whether the last piece comes with the end. */
  readonly finishes: boolean;
}

async function read(
  framing: ChunkFraming,
  bytes: Uint8Array,
  { messages, size, finishes }: Reading,
): Promise<readonly number[] | 'refused'> {
  const opener = new ChunkOpener(messages, framing, limits);
  const chunks: Uint8Array[] = [];
  const lastAt = finishes ? Math.max(0, bytes.length - size) : bytes.length;
  try {
    for (let at = 0; at < lastAt; at += size) {
      chunks.push(...(await opener.push(bytes.slice(at, Math.min(lastAt, at + size)))));
    }
    chunks.push(...(await (finishes ? opener.finish(bytes.slice(lastAt)) : opener.end())));
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('HPKE_')) throw error;
    return 'refused';
  }
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (total > limits.maxBytes) throw new Error('More was opened than the bound.');
  return chunks.flatMap((chunk) => [chunk.length, ...chunk]);
}

/** Any bytes are one stream or one refusal, the same in whatever pieces they come and however the engine answers, and within the bound. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const framing = framings[(data[0] ?? 0) % framings.length] ?? wholeMessage;
  const body = data.subarray(1);
  const all = Math.max(1, body.length);
  const whole = await read(framing, body, { messages: transparent, size: all, finishes: true });
  for (const messages of openers) {
    for (const size of [1, 5, 23, all]) {
      for (const finishes of [false, true]) {
        if (!isDeepStrictEqual(await read(framing, body, { messages, size, finishes }), whole)) {
          throw new Error(`Pieces of ${size} bytes are read differently.`);
        }
      }
    }
  }
}
