import { bhttpResponseDecoder } from '@enclos/hpke';
import { bodyOf, piecesOf, refuseUnsealed, type ServiceAddress } from '../outer-http.ts';
import { messageOf } from '../request.ts';
import type { Channel, SealedExchange } from './channel.ts';
import type { AnswerEvents, Transport, TransportOptions } from './transport.ts';

/** Padding and the head of an answer. */
const sealingBytes = 131_072;

/** Requests of which a channel seals all: method, path, headers and body. */
export function sealedTransport(
  channel: Channel,
  { address, nowMs, maxAnswerBytes }: TransportOptions & { readonly address: ServiceAddress },
): Transport {
  return {
    async send(service, request, signal) {
      const exchange = await channel.seal(service, messageOf(request, nowMs()));
      const response = await address.send(exchange.path, {
        method: 'POST',
        headers: { ...service.routing, 'content-type': exchange.type },
        body: bodyOf(exchange.body),
        signal: signal ?? null,
      });
      if (response.status === 200 && response.headers.get('content-type') === exchange.answerType) {
        return openedEvents(response.body, exchange, maxAnswerBytes);
      }
      await response.body?.cancel();
      return refuseUnsealed(response);
    },
    forget(service) {
      channel.forget(service);
    },
  };
}

async function* openedEvents(
  body: ReadableStream<Uint8Array> | null,
  exchange: SealedExchange,
  maxBytes: number,
): AnswerEvents {
  const opener = exchange.openAnswer({ maxBytes: maxBytes + sealingBytes });
  const decoder = bhttpResponseDecoder({ maxContentBytes: maxBytes });
  for await (const piece of piecesOf(body)) {
    for (const chunk of await opener.push(piece)) yield* decoder.push(chunk);
  }
  for (const chunk of await opener.end()) yield* decoder.push(chunk);
  yield* decoder.end();
}
