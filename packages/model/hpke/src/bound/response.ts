import { boundFraming } from '../chunks/framing.ts';
import { ChunkOpener, PrefixedOpener, streamSealer } from '../chunks/stream.ts';
import type { MessageOpener, MessageSealer, StreamLimits, StreamOpener, StreamSealer } from '../chunks/stream.ts';
import { after, type HpkeEngine } from '../engine.ts';
import type { HpkeContext } from '../hpke/hpke.ts';
import { responseNonceBytes, responseOpener, responseSealer, responseSecret } from '../hpke/response-key.ts';
import { responseLabel } from './head.ts';
import { paddingOf, unpad, type PaddingBuckets } from './padding.ts';

/** Seals padded chunks in the framing of Enclos. */
export function paddedSealer(sealer: MessageSealer, head: Uint8Array, buckets: PaddingBuckets): StreamSealer {
  return streamSealer(sealer, boundFraming, head, (chunkBytes) => paddingOf(chunkBytes, buckets));
}

/** @param limits count padding too, which is known before the content is. */
export function paddedOpener(opener: MessageOpener, limits: StreamLimits): StreamOpener {
  const padded = { open: (chunk: Uint8Array, aad: Uint8Array) => after(opener.open(chunk, aad), unpad) };
  return new ChunkOpener(padded, boundFraming, limits);
}

/** Begins the response to a bound request: a nonce, then chunks. */
export async function sealBoundResponse(
  engine: HpkeEngine,
  context: HpkeContext,
  buckets: PaddingBuckets,
): Promise<StreamSealer> {
  const nonce = engine.randomBytes(responseNonceBytes(context.suite));
  const common = await responseSecret(context, responseLabel);
  return paddedSealer(await responseSealer(engine, { ...common, nonce }), nonce, buckets);
}

export function openBoundResponse(engine: HpkeEngine, context: HpkeContext, limits: StreamLimits): StreamOpener {
  return new PrefixedOpener(
    () => responseNonceBytes(context.suite),
    async (nonce) => {
      const common = await responseSecret(context, responseLabel);
      return paddedOpener(await responseOpener(engine, { ...common, nonce }), limits);
    },
  );
}
