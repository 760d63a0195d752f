import type { JsonObject } from '@enclos/attestation/json';
import { canonicalJson } from '../tokens/canonical-json.ts';
import type { JsonClaims } from '../tokens/signer.ts';
import type { AttestRequest } from './attest.ts';
import type { BaselineRequest } from './baseline.ts';
import { checkBoundData, type CheckedData } from './bound-data.ts';
import type { AttestContext } from './context.ts';
import type { Evidence } from './evidence.ts';
import { sha256 } from './sha256.ts';
import { sgxClaims, sgxCollateralClaim, sgxIncoming, sgxTokenClaims } from './sgx-claims.ts';
import { snpClaims } from './snp-claims.ts';
import { quoteTcb, quoteTcbIncoming, reportTcb } from './tcb-claims.ts';
import { tdxClaims } from './tdx-claims.ts';
import type { ScalarClaims, TeeClaims } from './tee-claims.ts';
import { verifyQuoteFor, type VerifiedQuote } from './verify-quote.ts';
import { verifyReportFor } from './verify-report.ts';

type BoundParts = Pick<AttestRequest, 'runtimeData' | 'initTimeData'>;

interface Collected extends BoundParts {
  readonly evidence: Evidence;
  readonly baseline: BaselineRequest;
  /** The time of verification. */
  readonly at: Date;
}

/** Verifies evidence and the data that it binds. @throws ServiceError InvalidParameter, ServiceUnavailable */
export async function collectClaims(context: AttestContext, request: Collected): Promise<TeeClaims> {
  const { evidence } = request;
  if (evidence.kind === 'report') return reportClaims(context, evidence, request);
  const verified = await verifyQuoteFor(context, evidence.quote, request);
  return quoteClaims(verified, evidence.quote, request);
}

function quoteClaims({ verdict, hashes }: VerifiedQuote, quote: Uint8Array, request: BoundParts): TeeClaims {
  const { report } = verdict;
  const initField = verdict.tee === 'sgx' ? 'configId' : 'mrconfigid';
  const initValue = verdict.tee === 'sgx' ? verdict.report.configId : verdict.report.mrConfigId;
  const data = checkData(request, {
    runtime: { field: 'reportData', value: report.reportData },
    init: { field: initField, value: initValue },
  });
  const tcb = quoteTcb(verdict);
  const platform = verdict.root.kind === 'intel' ? 'hardware' : 'software';
  const more = { tcb, platform, incoming: quoteTcbIncoming(verdict), data } as const;
  if (verdict.tee === 'tdx') {
    const claims = tdxClaims(verdict.report, verdict.status);
    return teeClaims({ ...more, attestationType: 'tdxvm', claims, token: claims });
  }
  const claims = sgxClaims({ report: verdict.report, runtime: data.runtime });
  const collateral = sgxCollateralClaim({ hashes, quoteHash: sha256(quote) });
  return teeClaims({
    ...more,
    attestationType: 'sgx',
    claims,
    token: sgxTokenClaims(claims, collateral),
    incoming: { ...more.incoming, ...sgxIncoming(claims, collateral) },
  });
}

async function reportClaims(
  context: AttestContext,
  evidence: Extract<Evidence, { kind: 'report' }>,
  request: Collected,
): Promise<TeeClaims> {
  const verdict = await verifyReportFor(context, evidence, request.at);
  const { report } = verdict;
  const data = checkData(request, {
    runtime: { field: 'report_data', value: report.reportData },
    init: { field: 'host_data', value: report.hostData },
  });
  const claims = snpClaims(report);
  return teeClaims({
    attestationType: 'sevsnpvm',
    claims,
    token: claims,
    incoming: { 'x-enclos-root': 'amd' },
    tcb: reportTcb(verdict),
    // AMD's keys are in processors only.
    platform: 'hardware',
    data,
  });
}

interface Data {
  readonly runtime: CheckedData;
  readonly init: CheckedData;
}

interface Field {
  readonly field: string;
  readonly value: string;
}

function checkData(
  { runtimeData, initTimeData }: BoundParts,
  { runtime, init }: { readonly runtime: Field; readonly init: Field },
): Data {
  return {
    runtime: checkBoundData(runtimeData, { name: 'runtimeData', ...runtime }),
    init: checkBoundData(initTimeData, { name: 'initTimeData', ...init }),
  };
}

function teeClaims(parts: {
  readonly attestationType: string;
  readonly claims: ScalarClaims;
  readonly incoming: ScalarClaims;
  readonly token: JsonClaims;
  readonly tcb: JsonClaims;
  readonly platform: TeeClaims['platform'];
  readonly data: Data;
}): TeeClaims {
  const { attestationType, platform, data } = parts;
  const { json: runtime } = data.runtime;
  const { json: init } = data.init;
  const type = { 'x-ms-attestation-type': attestationType };
  return Object.freeze({
    attestationType,
    platform,
    incoming: Object.freeze({
      ...parts.claims,
      ...parts.incoming,
      ...type,
      ...(runtime === undefined ? {} : { 'x-ms-runtime': textOf(runtime) }),
      ...(init === undefined ? {} : { 'x-ms-inittime': textOf(init) }),
    }),
    token: Object.freeze({
      ...parts.token,
      ...type,
      'x-enclos-tcb': parts.tcb,
      ...(runtime === undefined ? {} : { 'x-ms-runtime': runtime }),
      ...(init === undefined ? {} : { 'x-ms-inittime': init }),
    }),
  });
}

/** For functions of policies that read JSON. */
function textOf(json: JsonObject): string {
  return canonicalJson(json);
}
