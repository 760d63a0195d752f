import { bhttpResponseDecoder } from '@enclos/hpke';
import { bodyOf, refuseUnsealed, type ServiceAddress } from '../outer-http.ts';
import { messageOf } from '../request.ts';
import type { Channel, SealedExchange } from './channel.ts';
import { eventsOf, type AnswerEvent, type AnswerEvents, type Transport, type TransportOptions } from './transport.ts';

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

function openedEvents(
  body: ReadableStream<Uint8Array> | null,
  exchange: SealedExchange,
  maxBytes: number,
): AnswerEvents {
  const opener = exchange.openAnswer({ maxBytes: maxBytes + sealingBytes });
  const decoder = bhttpResponseDecoder({ maxContentBytes: maxBytes });
  const decoded = (chunks: readonly Uint8Array[]): AnswerEvent[] => chunks.flatMap((chunk) => decoder.push(chunk));
  return eventsOf(body, {
    push: async (piece) => decoded(await opener.push(piece)),
    end: async () => [...decoded(await opener.end()), ...decoder.end()],
  });
}
