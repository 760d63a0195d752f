import { bodyOf, piecesOf, type ServiceAddress } from '../outer-http.ts';
import { refuseAnswer } from '../refusal.ts';
import { endToEndFields, namesOf } from '../request.ts';
import type { AnswerEvents, Transport, TransportOptions } from './transport.ts';

/** Requests as they are, for a `fetch` whose connections end in the attested enclave. */
export function directTransport({
  address,
  maxAnswerBytes,
}: Pick<TransportOptions, 'maxAnswerBytes'> & { readonly address: ServiceAddress }): Transport {
  return {
    async send({ routing }, request, signal) {
      const { method, path, fields, body } = request;
      const response = await address.send(path, {
        method,
        headers: [...fields, ...namesOf(request), ...Object.entries(routing)].map(([name, value]) => [name, value]),
        ...(body.length === 0 ? {} : { body: bodyOf(body) }),
        signal: signal ?? null,
      });
      return plainEvents(response, maxAnswerBytes);
    },
    forget() {},
  };
}

async function* plainEvents({ status, headers, body }: Response, maxBytes: number): AnswerEvents {
  yield { type: 'head', head: { status, fields: endToEndFields(headers) } };
  let sizeBytes = 0;
  for await (const bytes of piecesOf(body)) {
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) refuseAnswer(`The answer has more than ${maxBytes} bytes.`);
    yield { type: 'content', bytes };
  }
}
