import type { ItemRequest } from '../request.ts';
import { refuseKind, resourceUrl, serviceUrl, type Route, type Source } from '../source.ts';
import { sourceId } from './intel.ts';

const amdUrl = 'https://kdsintf.amd.com';

/** AMD's key distribution service. @throws ENDORSEMENTS_REQUEST_INVALID */
export function amdKds({ url = amdUrl }: { readonly url?: string } = {}): Source {
  const base = serviceUrl(url);
  return Object.freeze({
    id: sourceId('kds', base),
    route: (request: ItemRequest): Route => kdsRoute(request, url),
  });
}

/** "VCEK Certificate and KDS Interface Specification" (AMD 57230), chapter 4. */
export function kdsRoute(request: ItemRequest, url: string = amdUrl): Route {
  const { kind, parameters } = request;
  const { product = '', 'signing-key': signingKey = '', hwid = '', bl, tee, snp, ucode, fmc } = parameters;
  const at = (path: string, query?: Readonly<Record<string, string | undefined>>): URL =>
    resourceUrl(serviceUrl(url), `/${signingKey}/v1/${product}/${path}`, query);
  switch (kind) {
    case 'snp-certificate': {
      const query = { fmcSPL: fmc, blSPL: bl, teeSPL: tee, snpSPL: snp, ucodeSPL: ucode };
      return { url: at(hwid, query), form: 'certificate' };
    }
    case 'snp-chain':
      return { url: at('cert_chain'), form: 'pem' };
    case 'snp-crl':
      return { url: at('crl'), form: 'crl' };
    default:
      return refuseKind('The source', request);
  }
}
