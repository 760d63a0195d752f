import { refuseRequest } from '../refusal.ts';
import type { ItemRequest } from '../request.ts';
import {
  metadataHost,
  refuseKind,
  resourceUrl,
  serviceUrl,
  type Route,
  type RouteContext,
  type Source,
} from '../source.ts';
import { kdsRoute } from './amd.ts';
import { chainHeaders, pcsRoute, sourceId } from './intel.ts';

const client = { clientid: 'production_client', 'api-version': '2018-10-01-preview' } as const;
const pckClient = { ...client, 'api-version': '2021-07-22-preview' } as const;
const cacheUrl = 'https://global.acccache.azure.net';
const hostUrl = `http://${metadataHost}/metadata/THIM`;
const pckCrlUrl = 'https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl';

export interface AzureOptions {
  /**
   * `global`: the cache that anybody may ask. `host`: the metadata service of this virtual machine. A region, such as
   * `useast2`: its own service, the only one that has TDX.
   */
  readonly place: string;
  /** In place of the address that `place` means. */
  readonly url?: string;
}

/**
 * Azure's cache of Intel collateral (THIM). It lags Intel on purpose and
 * has no choice of baseline, so it takes `standard` alone.
 * @throws ENDORSEMENTS_REQUEST_INVALID
 */
export function azureThim({ place, url }: AzureOptions): Source {
  if (!/^[a-z0-9]{1,40}$/.test(place)) {
    refuseRequest(`${JSON.stringify(place)} is not global, host or a region of Azure.`);
  }
  const base = serviceUrl(url ?? addressOf(place));
  const headers = place === 'host' ? { Metadata: 'true' } : {};
  const isRegion = place !== 'host' && place !== 'global';
  return Object.freeze({
    id: sourceId(`azure-${place}`, base),
    route(request: ItemRequest, context: RouteContext): Route {
      checkBaseline(request);
      if (request.parameters['tee'] === 'tdx' && !isRegion) {
        refuseRequest('Only the services of regions have collateral for TDX: name the region.');
      }
      const route = isRegion ? regionRoute(base, request) : cacheRoute(base, request, context);
      return { ...route, headers };
    },
  });
}

/** AMD certificates of this Azure virtual machine from its metadata service; revocation lists from AMD. */
export function azureAmd({ url = hostUrl, kdsUrl }: { readonly url?: string; readonly kdsUrl?: string } = {}): Source {
  const base = serviceUrl(url);
  return Object.freeze({
    id: sourceId('azure-amd', base),
    route(request: ItemRequest): Route {
      if (request.kind !== 'snp-certificate') return kdsRoute(request, kdsUrl);
      return { url: resourceUrl(base, '/amd/certification'), form: 'azure-amd', headers: { Metadata: 'true' } };
    },
  });
}

function addressOf(place: string): string {
  if (place === 'host') return hostUrl;
  return place === 'global' ? cacheUrl : `https://${place}.thim.azure.net`;
}

function checkBaseline({ parameters: { baseline = 'standard' } }: ItemRequest): void {
  if (baseline !== 'standard') refuseRequest(`Azure gives its own baseline alone: ask Intel for ${baseline}.`);
}

/** The cache of SGX: its own parameters, and revocation lists by their distribution points. */
function cacheRoute(base: URL, request: ItemRequest, { distributionPoint }: RouteContext): Route {
  const { kind, parameters } = request;
  const at = (path: string, query: Readonly<Record<string, string | undefined>>): URL =>
    resourceUrl(base, `/sgx/certification/v4${path}`, query);
  switch (kind) {
    case 'tcb-info':
      return {
        url: at('/tcb', { fmspc: parameters['fmspc'], ...client }),
        form: 'json',
        chainHeaders: chainHeaders[kind],
      };
    case 'qe-identity':
      return { url: at('/qe/identity', client), form: 'json', chainHeaders: chainHeaders[kind] };
    case 'pck-crl': {
      const uri = `${pckCrlUrl}?ca=${parameters['ca']}&encoding=der`;
      return { url: at('/pckcrl', { uri, ...client }), form: 'crl', chainHeaders: chainHeaders[kind] };
    }
    case 'root-crl':
      return { url: at('/pckcrl', { uri: distributionPoint, ...client }), form: 'crl' };
    case 'pck-certificate': {
      const { 'encrypted-ppid': encryptedPpid, qeid, cpusvn, pcesvn, pceid } = parameters;
      const query = { qeid, cpusvn, pcesvn, pceid, encrypted_ppid: encryptedPpid, ...pckClient };
      return { url: at('/pckcert', query), form: 'pem', chainHeaders: chainHeaders[kind] };
    }
    default:
      return refuseKind('The source', request);
  }
}

/** The service of a region: PCS, but for the client's name, the baseline and the root's revocation list. */
function regionRoute(base: URL, request: ItemRequest): Route {
  const { kind } = request;
  if (kind === 'root-crl') {
    return { url: resourceUrl(base, '/sgx/certification/v4/rootcacrl', client), form: 'crl' };
  }
  if (kind === 'evaluation-numbers') return refuseKind('The source', request);
  const route = pcsRoute(base, request);
  route.url.searchParams.delete('update');
  for (const [name, value] of Object.entries(client)) route.url.searchParams.set(name, value);
  return route;
}
