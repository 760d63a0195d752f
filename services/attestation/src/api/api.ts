import type { HttpRequest, HttpResponse } from '@enclos/http';
import { createApi as createServiceApi } from '@enclos/service/api';
import { checkApiVersion } from '../routes/api-versions.ts';
import { errorNames } from '../routes/error-names.ts';
import type { TenantSite } from '../routes/call.ts';
import { routeTable, type SizedRoute } from '../routes/table.ts';
import type { ApiOptions } from './api-options.ts';
import { tenantsByHost } from './hosts.ts';
import { tenantSites } from './tenant-site.ts';

/** The API as the server inside the enclave takes it (it is an `HttpHandler` there too). Never rejects. */
export type Api = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * The REST API over tenants. The handler never rejects: what is not a `Refusal` is answered with `InternalError` and no text
 * of it.
 * @throws a CODEC error for keys of a bearer issuer in the configuration that are not keys
 */
export function createApi(options: ApiOptions): Api {
  const { host, limits, version, ...shared } = options;
  return createServiceApi<TenantSite, SizedRoute>({
    ...shared,
    table: routeTable(limits),
    siteOf: tenantsByHost(tenantSites(options)),
    check: ({ query }, route) => checkApiVersion(query, route.version),
    errors: errorNames,
    audit: (line) => host.audit({ line }),
    audited: ['policyHash', 'secret', 'measurement'],
    headers: (request, id) => headersOf(request, { id, version }),
  });
}

/** What a client may have echoed: printable, and never so much that it fills a log. */
const echoedPattern = /^[\x21-\x7e]{1,128}$/;

function headersOf(
  { headers }: HttpRequest,
  { id, version }: { readonly id: string; readonly version: string },
): Readonly<Record<string, string>> {
  const echoed = headers.get('x-ms-client-request-id');
  return {
    'x-ms-request-id': id,
    'x-ms-maa-service-version': version,
    ...(echoed !== undefined && echoedPattern.test(echoed) ? { 'x-ms-client-request-id': echoed } : {}),
  };
}
