import '../errors.ts';
import { createAttestedFetch, type AttestedFetchOptions } from '@enclos/atls/fetch';
import type { VerifiedEvidence } from '@enclos/attestation';
import type { OuterFetch } from '../outer-http.ts';

/** A `fetch` whose connections all end in the attested enclave. */
export interface AttestedCarrier {
  readonly fetch: OuterFetch;
  /** Lets requests under way end, and closes the connections. */
  close(): Promise<void>;
}

/**
 * Carries requests over attested TLS: for a client with the transport `attested-tls`.
 *
 * @throws what `createAttestedFetch` of `@enclos/atls/fetch` throws.
 *
 * @example
 * import { policyAppraiser } from '@enclos/atls';
 * import { createInferenceClient, type InferenceClient } from '@enclos/inference-client';
 * import { createAttestedCarrier, policyReportAppraiser } from '@enclos/inference-client/node';
 *
 * export function clientOf(url: string, policy: string): InferenceClient {
 *   const { fetch } = createAttestedCarrier({ appraise: policyAppraiser({ policy }) });
 *   const appraise = policyReportAppraiser({ policy });
 *   return createInferenceClient({ url, appraise, transport: 'attested-tls', fetch });
 * }
 */
export function createAttestedCarrier<E extends object = VerifiedEvidence>(
  options: AttestedFetchOptions<E>,
): AttestedCarrier {
  const attested = createAttestedFetch(options);
  return Object.freeze<AttestedCarrier>({
    async fetch(url, { method = 'GET', headers, body, signal }) {
      return attested(url, {
        method,
        headers: [...new Headers(headers)],
        // The client sends bytes or nothing.
        ...(body instanceof Uint8Array ? { body } : {}),
        ...(signal === undefined ? {} : { signal }),
        redirect: 'error',
      });
    },
    close: () => attested.close(),
  });
}
