import { randomBytes } from 'node:crypto';
import { toPem } from '@enclos/codec/pem';
import { fromHex } from '@enclos/codec';
import { Hono, type Context } from 'hono';
import { findIssued } from '../provisioning/issue-records.ts';
import type { Vendor } from '../provisioning/vendor.ts';
import { collateralFor, pckIssuerChain, signingChain } from '../provisioning/collateral.ts';
import { bad, baselinePatterns, checkBaseline, checkQuery, parameter, type Query, type Refusal } from './parameters.ts';
import { vendorCache, type LocateVendor } from './vendor-cache.ts';

export interface CollateralAppOptions {
  readonly now: () => Date;
}

/**
 * Answers requests. The declaration names no type of the router, whose own declarations need names that not every version
 * of Node has: they would be part of the type check of every project.
 */
export interface CollateralApp {
  /** What a server calls. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** The same for a path, or an address, in tests and in this process. */
  readonly request: (path: string, init?: RequestInit) => Response | Promise<Response>;
}

type Handler = (vendor: Vendor, query: Query, context: Context) => Response | Refusal | Promise<Response | Refusal>;
type Route = readonly [path: string, parameters: Readonly<Record<string, RegExp>>, handler: Handler];

const base = '/sgx/certification/v4';

const pckParameters = {
  ppid: /^[0-9a-f]{32}$/i,
  encrypted_ppid: /^[0-9a-f]{768}$/i,
  cpusvn: /^[0-9a-f]{32}$/i,
  pcesvn: /^[0-9a-f]{4}$/i,
  pceid: /^[0-9a-f]{4}$/i,
};

/** GET routes, their parameters and their answers: the SGX part of Intel's PCS v4, the PCCS root CRL, our own root, and all collateral in one. */
const routes: readonly Route[] = [
  [`${base}/pckcert`, pckParameters, pckCertificate],
  [`${base}/pckcrl`, { ca: /^(?:processor|platform)$/, encoding: /^(?:pem|der)$/ }, pckCrl],
  [`${base}/tcb`, { fmspc: /^[0-9a-f]{12}$/i, ...baselinePatterns }, tcbInfo],
  [`${base}/qe/identity`, baselinePatterns, qeIdentity],
  [`${base}/tcbevaluationdatanumbers`, {}, evaluationNumbers],
  [`${base}/fmspcs`, { platform: /^(?:all|client|E3|E5)$/ }, fmspcs],
  [`${base}/rootcacrl`, {}, (vendor, _query, context) => context.body(vendor.documents.rootCaCrl)],
  ['/enclos/root.crl', {}, (vendor, _query, context) => der(context, vendor.documents.rootCaCrl)],
  ['/enclos/root', {}, root],
  ['/enclos/collateral', {}, (vendor, _query, context) => context.json(collateralFor(vendor))],
];

/**
 * The collateral service: a web application (`fetch(request)`) over a vendor folder, or over a function that locates the
 * vendor. The vendor is kept in memory until its folder changes; documents are issued again after half of their lifetime. The
 * service is read-only and unauthenticated, and serves nothing secret.
 */
export function collateralApp(source: string | LocateVendor, { now }: CollateralAppOptions): CollateralApp {
  const locate = typeof source === 'string' ? () => Promise.resolve({ folder: source }) : source;
  const currentVendor = vendorCache(locate, now);
  const app = new Hono();
  app.use(async (context, next) => {
    context.header('Request-ID', randomBytes(16).toString('hex'));
    await next();
  });
  for (const [path, parameters, handler] of routes) {
    app.get(path, async (context) => {
      const query = context.req.queries();
      const refusal = checkQuery(query, parameters);
      if (refusal !== undefined) return refuse(context, refusal);
      const answer = await handler(await currentVendor(), query, context);
      return answer instanceof Response ? answer : refuse(context, answer);
    });
  }
  app.notFound((context) => refuse(context, { status: 404, message: 'There is no such resource.' }));
  app.onError((_error, context) => context.json({ statusCode: 500, message: 'The service failed.' }, 500));
  return app;
}

async function pckCertificate(vendor: Vendor, query: Query, context: Context): Promise<Response | Refusal> {
  const [cpuSvn, pceSvn, pceId] = ['cpusvn', 'pcesvn', 'pceid'].map((name) => parameter(query, name));
  if (cpuSvn === undefined || pceSvn === undefined || pceId === undefined) {
    return bad('cpusvn, pcesvn and pceid are required.');
  }
  // A software machine has no key to encrypt its PPID with, so clients send it in plain text.
  const ppid = parameter(query, 'ppid');
  if (ppid === undefined && parameter(query, 'encrypted_ppid') === undefined) return bad('ppid is required.');
  const [low = 0, high = 0] = fromHex(pceSvn);
  const isOurs = ppid !== undefined && pceId.toUpperCase() === vendor.pceId;
  const found = isOurs ? await findIssued(vendor, { ppid, cpuSvn, pceSvn: low | (high << 8) }) : undefined;
  if (found === undefined) return { status: 404, message: 'No PCK certificate for that platform and TCB.' };
  context.header('SGX-PCK-Certificate-Issuer-Chain', encodeURIComponent(pckIssuerChain(vendor)));
  context.header('SGX-TCBm', (cpuSvn + pceSvn).toUpperCase());
  context.header('SGX-FMSPC', vendor.fmspc);
  context.header('SGX-PCK-Certificate-CA-Type', 'platform');
  return pem(context, found);
}

function pckCrl(vendor: Vendor, query: Query, context: Context): Response | Refusal {
  const ca = parameter(query, 'ca');
  if (ca === undefined) return bad('ca is required: platform.');
  if (ca !== 'platform') return { status: 404, message: 'This vendor has no Processor CA.' };
  context.header('SGX-PCK-CRL-Issuer-Chain', encodeURIComponent(pckIssuerChain(vendor)));
  const { pckCrl: crl } = vendor.documents;
  return parameter(query, 'encoding') === 'der' ? der(context, crl) : pem(context, toPem('X509 CRL', fromHex(crl)));
}

function tcbInfo(vendor: Vendor, query: Query, context: Context): Response | Refusal {
  const fmspc = parameter(query, 'fmspc');
  if (fmspc === undefined) return bad('fmspc is required.');
  if (fmspc.toUpperCase() !== vendor.fmspc) return { status: 404, message: 'There is no TCB info for that FMSPC.' };
  const refusal = checkBaseline(query, currentNumber(vendor));
  if (refusal !== undefined) return refusal;
  context.header('TCB-Info-Issuer-Chain', encodeURIComponent(signingChain(vendor)));
  return signedJson(context, 'tcbInfo', [vendor.documents.tcbInfo, vendor.documents.tcbInfoSignature]);
}

function qeIdentity(vendor: Vendor, query: Query, context: Context): Response | Refusal {
  const refusal = checkBaseline(query, currentNumber(vendor));
  if (refusal !== undefined) return refusal;
  context.header('SGX-Enclave-Identity-Issuer-Chain', encodeURIComponent(signingChain(vendor)));
  return signedJson(context, 'enclaveIdentity', [vendor.documents.qeIdentity, vendor.documents.qeIdentitySignature]);
}

function evaluationNumbers(vendor: Vendor, _query: Query, context: Context): Response {
  const { evaluationNumbers: numbers, evaluationNumbersSignature } = vendor.documents;
  context.header('TCB-Evaluation-Data-Numbers-Issuer-Chain', encodeURIComponent(signingChain(vendor)));
  return signedJson(context, 'tcbEvaluationDataNumbers', [numbers, evaluationNumbersSignature]);
}

function fmspcs(vendor: Vendor, query: Query, context: Context): Response {
  const platform = parameter(query, 'platform') ?? 'all';
  // Intel classifies processors; a software machine is listed under the server class that multi-tenant hosts use.
  const isListed = platform === 'all' || platform === 'E5';
  return context.json(isListed ? [{ fmspc: vendor.fmspc, platform: 'E5' }] : []);
}

function root(vendor: Vendor, _query: Query, context: Context): Response {
  return context.json({ pem: vendor.rootPem, fingerprint: vendor.rootFingerprint });
}

function currentNumber(vendor: Vendor): number {
  return vendor.generations.at(-1)?.tcbEvaluationDataNumber ?? 0;
}

/** The signed slice goes out as it is: serialising it again could change a byte. */
function signedJson(context: Context, name: string, [document, signature]: readonly [string, string]): Response {
  return context.body(`{"${name}":${document},"signature":"${signature}"}`, 200, {
    'Content-Type': 'application/json',
  });
}

function pem(context: Context, text: string): Response {
  return context.body(text, 200, { 'Content-Type': 'application/x-pem-file' });
}

function der(context: Context, hexText: string): Response {
  return context.body(Uint8Array.from(Buffer.from(hexText, 'hex')).buffer, 200, {
    'Content-Type': 'application/pkix-crl',
  });
}

/** Intel puts code and message into headers with an empty body; the body is for people. */
function refuse(context: Context, { status, message }: Refusal): Response {
  context.header('Error-Code', errorCodes[status]);
  context.header('Error-Message', message);
  return context.json({ statusCode: status, message }, status);
}

const errorCodes = Object.freeze({ 400: 'InvalidRequestSyntax', 404: 'NotFound', 410: 'Gone' });
