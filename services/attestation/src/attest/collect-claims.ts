import type { SnpVerdict } from '@enclos/attestation';
import type { JsonObject } from '@enclos/codec/json';
import { canonicalJson } from '../tokens/canonical-json.ts';
import type { JsonClaims } from '../tokens/signer.ts';
import type { AttestRequest } from './attest-request.ts';
import type { BaselineRequest } from './baseline.ts';
import { checkBoundData } from './bound-data.ts';
import type { CheckedData } from './claims/checked-data.ts';
import type { AttestContext } from './context.ts';
import type { Evidence } from './evidence.ts';
import { sha256 } from './sha256.ts';
import { sgxClaims, sgxCollateralClaim, sgxCollateralText, sgxIncoming, sgxTokenClaims } from './claims/sgx-claims.ts';
import { snpClaims } from './claims/snp-claims.ts';
import { quoteTcb, quoteTcbIncoming, reportTcb } from './claims/tcb-claims.ts';
import { tdxClaims } from './claims/tdx-claims.ts';
import type { NewClaims, ScalarClaims, TeeClaims } from './claims/tee-claims.ts';
import { requireAcceptableQuote, verifyQuoteFor, type VerifiedQuote } from './verify-quote.ts';
import { verifyReportFor } from './verify-report.ts';

interface BoundParts {
  readonly runtimeData: AttestRequest['runtimeData'] | undefined;
  readonly initTimeData: AttestRequest['initTimeData'] | undefined;
}

/** Evidence to be verified, and the data that it must bind. */
export interface ClaimSource extends BoundParts {
  readonly evidence: Evidence;
  readonly baseline: BaselineRequest;
  /** The time of verification. */
  readonly at: Date;
}

/** Evidence that is what it says it is, by whatever is signed in it, and that binds the data beside it. */
export type GenuineEvidence =
  | { readonly kind: 'quote'; readonly verified: VerifiedQuote; readonly quote: Uint8Array; readonly data: Data }
  | { readonly kind: 'report'; readonly verdict: SnpVerdict; readonly data: Data };

/** Verifies evidence and the data that it binds. @throws ATTESTATION_EVIDENCE_REFUSED, ATTESTATION_ENDORSEMENTS_UNAVAILABLE */
export async function verifyEvidence(context: AttestContext, request: ClaimSource): Promise<GenuineEvidence> {
  const { evidence } = request;
  if (evidence.kind === 'report') {
    const verdict = await verifyReportFor(context, evidence, request.at);
    const { reportData, hostData } = verdict.report;
    const data = checkData(request, {
      runtime: { field: 'report_data', value: reportData },
      init: { field: 'host_data', value: hostData },
    });
    return { kind: 'report', verdict, data };
  }
  const { quote } = evidence;
  const verified = await verifyQuoteFor(context, quote, request);
  const { verdict } = verified;
  const data = checkData(request, {
    runtime: { field: 'reportData', value: verdict.report.reportData },
    init:
      verdict.tee === 'sgx'
        ? { field: 'configId', value: verdict.report.configId }
        : { field: 'mrconfigid', value: verdict.report.mrConfigId },
  });
  return { kind: 'quote', verified, quote, data };
}

/** What genuine evidence says, if the tenant takes it. @throws ATTESTATION_EVIDENCE_REFUSED */
export function claimsOf(genuine: GenuineEvidence, context: AttestContext): TeeClaims {
  if (genuine.kind === 'report') return reportClaims(genuine);
  requireAcceptableQuote(genuine.verified.verdict, context);
  return quoteClaims(genuine);
}

function quoteClaims({ verified, quote, data }: Extract<GenuineEvidence, { kind: 'quote' }>): TeeClaims {
  const { verdict, hashes } = verified;
  const tcb = quoteTcb(verdict);
  const platform: TeeClaims['platform'] = verdict.root.kind === 'intel' ? 'hardware' : 'software';
  const incoming = quoteTcbIncoming(verdict);
  if (verdict.tee === 'tdx') {
    const claims = tdxClaims(verdict.report, verdict.status);
    const parts = { tcb, platform, data, attestationType: 'tdxvm' };
    return teeClaims({ ...parts, incoming: { ...claims, ...incoming }, token: { ...claims } });
  }
  const claims = sgxClaims({ report: verdict.report, runtime: data.runtime });
  const sources = { hashes, quoteHash: sha256(quote) };
  return teeClaims({
    tcb,
    platform,
    data,
    attestationType: 'sgx',
    token: sgxTokenClaims(claims, sgxCollateralClaim(sources)),
    incoming: sgxIncoming(claims, incoming, sgxCollateralText(sources)),
  });
}

function reportClaims({ verdict, data }: Extract<GenuineEvidence, { kind: 'report' }>): TeeClaims {
  const claims = snpClaims(verdict.report);
  return teeClaims({
    attestationType: 'sevsnpvm',
    token: { ...claims },
    incoming: { ...claims, 'x-enclos-root': 'amd' },
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

/** Adds to the claims for policy and token what all evidence says. */
function teeClaims(parts: {
  readonly attestationType: string;
  readonly incoming: NewClaims<ScalarClaims>;
  readonly token: NewClaims<JsonClaims>;
  readonly tcb: JsonClaims;
  readonly platform: TeeClaims['platform'];
  readonly data: Data;
}): TeeClaims {
  const { attestationType, platform, data, incoming, token } = parts;
  const { json: runtime } = data.runtime;
  const { json: init } = data.init;
  incoming['x-ms-attestation-type'] = attestationType;
  token['x-ms-attestation-type'] = attestationType;
  token['x-enclos-tcb'] = parts.tcb;
  if (runtime !== undefined) {
    incoming['x-ms-runtime'] = textOf(runtime);
    token['x-ms-runtime'] = runtime;
  }
  if (init !== undefined) {
    incoming['x-ms-inittime'] = textOf(init);
    token['x-ms-inittime'] = init;
  }
  return Object.freeze({ attestationType, platform, incoming: Object.freeze(incoming), token: Object.freeze(token) });
}

/** For functions of policies that read JSON. */
function textOf(json: JsonObject): string {
  return canonicalJson(json);
}
