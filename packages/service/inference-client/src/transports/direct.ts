import { bodyOf, type ServiceAddress } from '../outer-http.ts';
import { refuseAnswer } from '../refusal.ts';
import { endToEndFields, namesOf } from '../request.ts';
import { eventsOf, type AnswerEvents, type Transport, type TransportOptions } from './transport.ts';

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

function plainEvents({ status, headers, body }: Response, maxBytes: number): AnswerEvents {
  let sizeBytes = 0;
  return eventsOf(body, {
    first: [{ type: 'head', head: { status, fields: endToEndFields(headers) } }],
    async push(bytes) {
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) refuseAnswer(`The answer has more than ${maxBytes} bytes.`);
      return [{ type: 'content', bytes }];
    },
    end: async () => [],
  });
}
