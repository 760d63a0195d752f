import { beginEhbpRequest, ehbp, ehbpSuite, type HpkeEngine, type StreamOpener } from '@enclos/hpke';
import { bodyOf, refuseUnsealed, type ServiceAddress } from '../outer-http.ts';
import { misused } from '../refusal.ts';
import { endToEndFields, namesOf } from '../request.ts';
import { eventsOf, type AnswerEvent, type AnswerEvents, type Transport, type TransportOptions } from './transport.ts';

export interface EhbpOptions extends TransportOptions {
  readonly address: ServiceAddress;
  readonly engine: HpkeEngine;
}

/**
 * Requests of which the body alone is sealed, by EHBP. A host reads and can change method, path, status and headers, can send a request to
 * another path, and can cut an answer between two chunks.
 */
export function ehbpTransport({ address, engine, nowMs, maxAnswerBytes }: EhbpOptions): Transport {
  return {
    async send(service, request, signal) {
      const { method, path, fields, body } = request;
      // The answer to a request without a sealed chunk would be in the clear.
      if (body.length === 0) misused('EHBP seals bodies, and this request has none: use another transport for it.');
      const { kem, publicKey } = service.key(nowMs());
      if (kem !== ehbpSuite.kem) misused('EHBP is for keys of X25519 alone.');
      const sealing = await beginEhbpRequest(engine, publicKey);
      const names = [...namesOf(request), ...Object.entries(service.routing)];
      const named = [...fields, ...names, [ehbp.encapsulatedKeyHeader, sealing.encapsulatedKey] as const];
      const response = await address.send(path, {
        method,
        headers: named.map(([name, value]) => [name, value]),
        body: bodyOf(await sealing.seal(body)),
        signal: signal ?? null,
      });
      const nonce = response.headers.get(ehbp.responseNonceHeader);
      if (nonce === null) {
        await response.body?.cancel();
        return refuseUnsealed(response);
      }
      return openedEvents(response, await sealing.openResponse(nonce, { maxBytes: maxAnswerBytes }));
    },
    forget() {},
  };
}

function openedEvents({ status, headers, body }: Response, opener: StreamOpener): AnswerEvents {
  const fields = endToEndFields(headers).filter(([name]) => name !== ehbp.responseNonceHeader);
  const contents = (chunks: readonly Uint8Array[]): readonly AnswerEvent[] =>
    chunks.map((bytes) => ({ type: 'content', bytes }));
  return eventsOf(body, {
    first: [{ type: 'head', head: { status, fields } }],
    push: async (piece) => contents(await opener.push(piece)),
    end: async () => contents(await opener.end()),
  });
}
