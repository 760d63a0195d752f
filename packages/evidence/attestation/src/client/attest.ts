import { toBase64url, utf8 } from '@enclos/codec';
import type { JsonObject } from '@enclos/codec/json';
import { misused } from '../refusal/refusal.ts';
import { maximumDataBytes } from './data-rules.ts';
import type { AttestationType, BoundData, TokenExpectations } from './expectations.ts';
import { readToken } from './token/read-token.ts';
import { sendForToken } from './transport.ts';
import type { VerifiedToken } from './token/verified-token.ts';
import { maximumTokenBytes, verifyAttestationToken, type Verifier } from './token/verify-token.ts';

/** What is expected of the token beside what the request itself says. */
export type ResponseExpectations = Omit<
  TokenExpectations,
  'attestationType' | 'initTimeData' | 'nonce' | 'runtimeData'
>;

/** What all requests have. The token must be about exactly these data, and repeat the nonce. */
export interface AttestRequest {
  readonly runtimeData?: BoundData;
  readonly initTimeData?: BoundData;
  readonly nonce?: string;
  readonly expect?: ResponseExpectations;
}

export interface QuoteRequest extends AttestRequest {
  /** An SGX quote, a TD quote, or for Open Enclave a report: the quote after a header of 16 bytes. */
  readonly evidence: Uint8Array;
}

export interface SnpEvidence {
  /** 1,184 bytes. */
  readonly report: Uint8Array;
  /** VCEK or VLEK, and its issuers, in PEM. */
  readonly certificateChain: string;
  /** COSE_Sign1 of the utility VM, if there are any. */
  readonly endorsements?: readonly Uint8Array[];
}

export interface SnpRequest extends AttestRequest {
  readonly evidence: SnpEvidence;
}

/** The kinds of evidence, by their names in paths. */
export type AttestKind = 'OpenEnclave' | 'SevSnpVm' | 'SgxEnclave' | 'TdxVm';

const kinds: Readonly<Record<AttestKind, { readonly member: 'quote' | 'report'; readonly type: AttestationType }>> =
  Object.freeze({
    SgxEnclave: { member: 'quote', type: 'sgx' },
    OpenEnclave: { member: 'report', type: 'sgx' },
    SevSnpVm: { member: 'report', type: 'sevsnpvm' },
    TdxVm: { member: 'quote', type: 'tdxvm' },
  });

/** Our question is seconds old, so the answer is. */
const maximumAnswerAgeMs = 300_000;
const maximumEvidenceBytes = 1_048_576;

/** Asks for a token, and verifies it against what was asked. */
export async function attest(
  kind: AttestKind,
  request: QuoteRequest | SnpRequest,
  verifier: Verifier,
): Promise<VerifiedToken> {
  const token = await ask(kind, bodyOf(kind, request), verifier);
  const { runtimeData, initTimeData, nonce, expect } = request;
  return verifyAttestationToken(
    token,
    {
      maximumAgeMs: maximumAnswerAgeMs,
      ...expect,
      attestationType: kinds[kind].type,
      ...(runtimeData === undefined ? {} : { runtimeData }),
      ...(initTimeData === undefined ? {} : { initTimeData }),
      ...(nonce === undefined ? {} : { nonce }),
    },
    verifier,
  );
}

/** The result under a draft of a policy. It is not signed, so it proves nothing. */
export interface DraftOutcome {
  readonly isVerified: false;
  readonly claims: JsonObject;
}

export async function tryDraft(
  kind: AttestKind,
  request: QuoteRequest | SnpRequest,
  { draftPolicy, verifier }: { readonly draftPolicy: string; readonly verifier: Verifier },
): Promise<DraftOutcome> {
  const token = await ask(kind, { ...bodyOf(kind, request), draftPolicyForAttestation: draftPolicy }, verifier);
  return Object.freeze({ isVerified: false, claims: readToken(token, maximumTokenBytes).claims });
}

async function ask(kind: AttestKind, body: object, { settings }: Verifier): Promise<string> {
  const call = {
    method: 'POST',
    path: `/attest/${kind}?api-version=${settings.apiVersion}`,
    contentType: 'application/json',
    body: JSON.stringify(body),
    maximumBytes: maximumTokenBytes + 1024,
  } as const;
  return sendForToken(call, settings);
}

function bodyOf(kind: AttestKind, request: QuoteRequest | SnpRequest): object {
  const { evidence, runtimeData, initTimeData, nonce } = request;
  const bytes = evidence instanceof Uint8Array ? evidence : snpDocument(evidence);
  if (bytes.length === 0 || bytes.length > maximumEvidenceBytes) {
    misused(`The evidence is empty, or larger than ${maximumEvidenceBytes} bytes.`);
  }
  return {
    [kinds[kind].member]: toBase64url(bytes),
    ...(runtimeData === undefined ? {} : { runtimeData: dataOf(runtimeData) }),
    ...(initTimeData === undefined ? {} : { initTimeData: dataOf(initTimeData) }),
    ...(nonce === undefined ? {} : { nonce }),
  };
}

function snpDocument({ report, certificateChain, endorsements }: SnpEvidence): Uint8Array {
  const uvm = endorsements?.map(toBase64url);
  return utf8(
    JSON.stringify({
      SnpReport: toBase64url(report),
      VcekCertChain: toBase64url(utf8(certificateChain)),
      ...(uvm === undefined ? {} : { Endorsements: toBase64url(utf8(JSON.stringify({ Uvm: uvm }))) }),
    }),
  );
}

function dataOf({ data, type }: BoundData): object {
  if (data.length > maximumDataBytes) misused(`Data of more than ${maximumDataBytes} bytes.`);
  return { data: toBase64url(data), dataType: type === 'json' ? 'JSON' : 'Binary' };
}
