import { peerOf } from '@enclos/codec';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { isEnclosError } from '@enclos/errors';
import { createAuthenticate, type Authenticate, type Principal } from '../auth/authenticate.ts';
import type { Tenant } from '../tenants/tenant.ts';
import type { ApiOptions } from './api-options.ts';
import { checkApiVersion } from './api-versions.ts';
import { auditOutcome, type AuditLine } from './audit.ts';
import type { Answer, Route } from './call.ts';
import { tenantsByHost } from './hosts.ts';
import type { Api } from './http.ts';
import { createClientRateLimit, createRateLimit, type ClientRateLimit, type RateLimit } from './rate-limit.ts';
import { placeAt, type FoundRoute } from './routes.ts';
import { ServiceError } from './service-error.ts';

/** The principal of a call that needs no authentication. */
const anonymous: Principal = 'anonymous';

/** A tenant with what the API keeps for it. */
interface Site {
  readonly tenant: Tenant;
  readonly authenticate: Authenticate;
  readonly rates: Rates;
}

/** What is taken from before a request is answered. */
interface Rates {
  /** Every call of an address, known or not: before anything of it is verified. */
  readonly calls: ClientRateLimit;
  readonly discovery: RateLimit;
  readonly attestOfClient: ClientRateLimit;
  readonly attest: RateLimit;
}

/** What is known of a request so far, for log and counters. */
interface Trace {
  readonly id: string;
  site?: Site;
  found?: FoundRoute;
  who: Principal;
}

/**
 * The REST API over tenants. The handler never rejects: what is no `ServiceError` is answered with `InternalError` and
 * no text of it.
 * @throws a CODEC error for keys of a bearer issuer in the configuration that are none
 */
export function createApi(options: ApiOptions): Api {
  const findSite = tenantsByHost(sitesOf(options));
  return async (request) => {
    const startedAt = options.elapsed();
    const trace: Trace = { id: options.requestId(), who: anonymous };
    let answer = await outcomeOf(options, () => answerRequest(request, { options, trace, findSite }));
    const logged = await outcomeOf(options, () => writeAudit(options, trace, answer));
    // What nobody could log did not happen, as far as the caller learns.
    if (logged instanceof ServiceError) answer = logged;
    const outcome = answer instanceof ServiceError ? answer.code : 'ok';
    options.metrics.answered(trace.found?.route.operation ?? 'none', outcome, (options.elapsed() - startedAt) / 1000);
    return respond(request, { options, trace, answer });
  };
}

function sitesOf({ tenants, now, elapsed, fetchKeys, limits }: ApiOptions): readonly Site[] {
  const ownIssuers = new Set(tenants.map(({ configuration }) => configuration.issuer));
  return tenants.map((tenant) => ({
    tenant,
    authenticate: createAuthenticate({ tenant: tenant.configuration, ownIssuers, now, elapsed, fetchKeys }),
    rates: ratesOf(limits, elapsed),
  }));
}

function ratesOf(limits: ApiOptions['limits'], elapsed: () => number): Rates {
  return {
    calls: createClientRateLimit(limits.callsPerClient, elapsed),
    discovery: createRateLimit(limits.discoveryPerSecond, elapsed),
    attestOfClient: createClientRateLimit(limits.attestPerClient, elapsed),
    attest: createRateLimit(limits.attestPerSecond, elapsed),
  };
}

interface Context {
  readonly options: ApiOptions;
  readonly trace: Trace;
  readonly findSite: (host: string | undefined) => Site | undefined;
}

async function answerRequest(request: HttpRequest, { options, trace, findSite }: Context): Promise<Answer> {
  const site = findSite(request.headers.get('host'));
  if (site === undefined) throw new ServiceError(404, 'NotFound', 'No tenant has the name of the Host header.');
  site.rates.calls.take(peerOf(request.remoteAddress));
  const found = findRoute(request);
  Object.assign(trace, { site, found });
  const { route, type, name } = found;
  checkApiVersion(request.query, route.version);
  trace.who = await letIn(request, route, site);
  return route.answer({ request, tenant: site.tenant, options, name }, type);
}

function findRoute({ path, method }: HttpRequest): FoundRoute {
  const place = placeAt(path);
  if (place === undefined) throw new ServiceError(404, 'NotFound', 'There is nothing at this path.');
  const found = place.methods.get(method);
  if (found !== undefined) return { ...found, name: place.name };
  const allow = [...place.methods.keys()].join(', ');
  throw new ServiceError(405, 'MethodNotAllowed', `This path takes ${allow}.`, { headers: { allow } });
}

async function letIn(request: HttpRequest, { needs }: Route, site: Site): Promise<Principal> {
  const isOpen = needs === 'nothing' || (needs === 'attest' && site.tenant.configuration.attest === 'open');
  if (needs === 'nothing') site.rates.discovery.take();
  const who = isOpen ? anonymous : await site.authenticate(request);
  // After authentication: a caller that is not let in takes nothing from those who are.
  if (needs === 'attest') {
    // The client first: one that has used up its own share takes nothing from that of the tenant.
    site.rates.attestOfClient.take(who === anonymous ? peerOf(request.remoteAddress) : who);
    site.rates.attest.take();
  }
  return who;
}

/** Attesting and managing are logged; discovery is not, nor a flood that the rate limit keeps out. */
async function writeAudit({ host, now }: ApiOptions, trace: Trace, answer: Answer | ServiceError): Promise<void> {
  const { site, found, id, who } = trace;
  if (site === undefined || found === undefined || found.route.needs === 'nothing') return;
  if (answer instanceof ServiceError && answer.code === 'TooManyRequests') return;
  const line: AuditLine = {
    time: now().toISOString(),
    tenant: site.tenant.configuration.issuer,
    call: found.route.operation,
    ...(found.route.path.includes('{type}') ? { type: found.type } : {}),
    requestId: id,
    who,
    ...auditOutcome(answer),
  };
  await host.audit({ line: JSON.stringify(line) });
}

/** What `work` answers, or the error that the caller is told. */
async function outcomeOf<T>({ onFault }: ApiOptions, work: () => Promise<T>): Promise<T | ServiceError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    onFault?.(error);
    if (isEnclosError(error) && error.kind === 'transient') {
      const headers = { 'retry-after': '5' };
      return new ServiceError(503, 'ServiceUnavailable', 'The service cannot answer now. Try again.', { headers });
    }
    return new ServiceError(500, 'InternalError', 'The service failed to answer.');
  }
}

/** What a client may have echoed: printable, and never so much that it fills a log. */
const echoedPattern = /^[\x21-\x7e]{1,128}$/;

function respond(
  request: HttpRequest,
  { options, trace, answer }: { options: ApiOptions; trace: Trace; answer: Answer | ServiceError },
): HttpResponse {
  const echoed = request.headers.get('x-ms-client-request-id');
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-ms-request-id': trace.id,
    'x-ms-maa-service-version': options.version,
    ...(echoed !== undefined && echoedPattern.test(echoed) ? { 'x-ms-client-request-id': echoed } : {}),
  };
  if (!(answer instanceof ServiceError)) {
    const type = answer.contentType === undefined ? {} : { 'content-type': answer.contentType };
    return { status: 200, headers: { ...headers, ...type }, body: JSON.stringify(answer.body) };
  }
  const { status, code, message, details } = answer;
  const explained = trace.site?.tenant.configuration.explainRefusals === true && details !== undefined;
  const error = { code, message, ...(explained ? { details } : {}) };
  return { status, headers: { ...headers, ...answer.headers }, body: JSON.stringify({ error }) };
}
