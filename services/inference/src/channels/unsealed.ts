import {
  ehbp,
  ehbpSuite,
  encodeKeyConfig,
  encodeKeyConfigList,
  keyConfigType,
  type KeySet,
  type PublishedKey,
} from '@enclos/hpke';
import type { HttpRequest, HttpResponse } from '@enclos/http';

export const reportPath = '/v1/attestation/report';

/** What strangers may ask: keys, what proves them, and what the service is. None of it takes a body. */
export interface UnsealedRoute {
  /** As the OpenAPI document names it. */
  readonly operation: string;
  readonly path: string;
  answer(request: HttpRequest): HttpResponse | Promise<HttpResponse>;
}

export interface UnsealedOptions {
  readonly keys: Pick<KeySet, 'published'>;
  /** Answers a request for the report on keys and models. */
  readonly report: (request: HttpRequest) => Promise<HttpResponse>;
}

export function unsealedRoutes({ keys, report }: UnsealedOptions): readonly UnsealedRoute[] {
  return [
    { operation: 'attestationReport', path: reportPath, answer: report },
    {
      operation: 'ohttpKeys',
      path: '/ohttp-keys',
      answer: () => keysAnswer(encodeKeyConfigList(current(keys.published()))),
    },
    {
      operation: 'ehbpKey',
      path: ehbp.keysPath,
      answer: () => {
        const newest = keys.published().find(({ kem }) => kem === ehbpSuite.kem);
        return keysAnswer(newest === undefined ? new Uint8Array() : encodeKeyConfig(newest));
      },
    },
  ];
}

/** The newest key of each KEM: clients take the first that they know. */
function current(published: readonly PublishedKey[]): readonly PublishedKey[] {
  return published.filter(({ kem }, at) => published.findIndex((key) => key.kem === kem) === at);
}

function keysAnswer(body: Uint8Array): HttpResponse {
  return { status: 200, headers: { 'content-type': keyConfigType, 'cache-control': 'no-store' }, body };
}
