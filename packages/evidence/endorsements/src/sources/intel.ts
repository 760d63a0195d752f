import { refuseAnswer, refuseRequest } from '../refusal.ts';
import type { ItemRequest } from '../request.ts';
import { refuseKind, resourceUrl, serviceUrl, type Route, type RouteContext, type Source } from '../source.ts';

const intelUrl = 'https://api.trustedservices.intel.com';
const intelCrlOrigin = 'https://certificates.trustedservices.intel.com';
const paths = { sgx: '/sgx/certification/v4', tdx: '/tdx/certification/v4' } as const;

/** Response headers of PCS v4 ("Intel SGX and Intel TDX PCS API", version 4). Names of version 3 last. */
export const chainHeaders = Object.freeze({
  'tcb-info': ['TCB-Info-Issuer-Chain', 'SGX-TCB-Info-Issuer-Chain'],
  'qe-identity': ['SGX-Enclave-Identity-Issuer-Chain'],
  'evaluation-numbers': ['TCB-Evaluation-Data-Numbers-Issuer-Chain'],
  'pck-crl': ['SGX-PCK-CRL-Issuer-Chain'],
  'pck-certificate': ['SGX-PCK-Certificate-Issuer-Chain'],
});

export interface IntelPcsOptions {
  /** Default: Intel's own. */
  readonly url?: string;
  /** The subscription key, which Intel wants for PCK certificates. */
  readonly apiKey?: string;
}

/** Intel's provisioning certification service, version 4. @throws ENDORSEMENTS_REQUEST_INVALID */
export function intelPcs({ url = intelUrl, apiKey }: IntelPcsOptions = {}): Source {
  const base = serviceUrl(url);
  if (apiKey !== undefined && !/^[\x21-\x7e]{1,256}$/.test(apiKey)) {
    refuseRequest('The key for the service is malformed.');
  }
  return Object.freeze({
    id: sourceId('pcs', base),
    route(request: ItemRequest, { distributionPoint }: RouteContext): Route {
      if (request.kind === 'root-crl') return { url: rootCrlUrl(base, distributionPoint), form: 'crl' };
      if (request.kind !== 'pck-certificate') return pcsRoute(base, request);
      const headers = apiKey === undefined ? {} : { 'Ocp-Apim-Subscription-Key': apiKey };
      return { ...pckRoute(base, request, 'ppid'), headers };
    },
  });
}

export interface PccsOptions {
  readonly url: string;
}

/** A provisioning certificate caching service: a mirror of PCS in a private network. @throws ENDORSEMENTS_REQUEST_INVALID */
export function pccs({ url }: PccsOptions): Source {
  const base = serviceUrl(url);
  return Object.freeze({
    id: sourceId('pccs', base),
    route(request: ItemRequest): Route {
      if (request.kind === 'root-crl') return { url: resourceUrl(base, `${paths.sgx}/rootcacrl`), form: 'crl' };
      return request.kind === 'pck-certificate' ? pckRoute(base, request, 'qeid') : pcsRoute(base, request);
    },
  });
}

export function sourceId(kind: string, base: URL): string {
  return `${kind} ${base.origin}${base.pathname.replace(/\/+$/, '')}`;
}

/** What PCS and its mirrors serve alike. */
export function pcsRoute(base: URL, request: ItemRequest): Route {
  const { kind, parameters } = request;
  const path = parameters['tee'] === 'tdx' ? paths.tdx : paths.sgx;
  switch (kind) {
    case 'tcb-info':
      return json(resourceUrl(base, `${path}/tcb`, { fmspc: parameters['fmspc'], ...baselineQuery(request) }), kind);
    case 'qe-identity':
      return json(resourceUrl(base, `${path}/qe/identity`, baselineQuery(request)), kind);
    case 'evaluation-numbers':
      return json(resourceUrl(base, `${path}/tcbevaluationdatanumbers`), kind);
    case 'pck-crl':
      return {
        url: resourceUrl(base, `${paths.sgx}/pckcrl`, { ca: parameters['ca'], encoding: 'der' }),
        form: 'crl',
        chainHeaders: chainHeaders[kind],
      };
    default:
      return refuseKind('The source', request);
  }
}

/** PCS refuses a parameter that it does not know; a PCCS finds a platform by the id of its quoting enclave. */
function pckRoute(base: URL, { parameters }: ItemRequest, by: 'ppid' | 'qeid'): Route {
  const { 'encrypted-ppid': encryptedPpid, ppid, qeid, cpusvn, pcesvn, pceid } = parameters;
  const platform = by === 'qeid' && qeid !== undefined ? { qeid } : { ppid };
  return {
    url: resourceUrl(base, `${paths.sgx}/pckcert`, {
      ...platform,
      encrypted_ppid: encryptedPpid,
      cpusvn,
      pcesvn,
      pceid,
    }),
    form: 'pem',
    chainHeaders: chainHeaders['pck-certificate'],
  };
}

/** `update` and an explicit number exclude each other (PCS answers 400): there is one parameter of both. */
function baselineQuery({ parameters: { baseline = '' } }: ItemRequest): Readonly<Record<string, string>> {
  return /^\d/.test(baseline) ? { tcbEvaluationDataNumber: baseline } : { update: baseline };
}

function json(url: URL, kind: keyof typeof chainHeaders): Route {
  return { url, form: 'json', chainHeaders: chainHeaders[kind] };
}

/** A certificate that came from the network must not be able to send us anywhere else. */
function rootCrlUrl(base: URL, distributionPoint: string | undefined): URL {
  const rule = (what: string): never => refuseAnswer('root-crl', what);
  if (distributionPoint === undefined) return rule('the root certificate names no place for it');
  const url = URL.canParse(distributionPoint) ? new URL(distributionPoint) : rule('the place of it is not a URL');
  const isKnown = url.origin === base.origin || url.origin === intelCrlOrigin;
  if (!isKnown || url.username !== '') {
    return rule('the root certificate names another host for it than Intel or the source');
  }
  return url;
}
