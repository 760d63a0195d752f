import { randomUUID } from 'node:crypto';
import { unsignedPolicyJws } from '../policies/stored-policy.ts';
import type { StateSnapshot } from '../document/document.ts';
import { unsignedToken } from '../tokens/jwt.ts';
import type { JsonClaims, SignOptions } from '../tokens/signer.ts';
import { boundedValidity, tokenTimes } from '../tokens/token-times.ts';
import { appraise, inTurn } from './appraise.ts';
import type { AttestRequest } from './attest-request.ts';
import type { AttestContext } from './context.ts';
import { readEvidence } from './evidence.ts';
import { judge, signOptionsOf } from './judge.ts';
import type { ChosenPolicy } from './policies.ts';
import { refuseEvidence } from './refuse.ts';
import { issuedClaims } from './claims/reserved-claims.ts';
import type { NewClaims, TeeClaims } from './claims/tee-claims.ts';

export interface AttestResult {
  readonly token: string;
  /** For the audit log. */
  readonly facts: TeeClaims;
  /** `x-ms-policy-hash`, for the audit log. */
  readonly policyHash?: string;
}

/** Azure's longest nonce is not documented; this is what fits into a token without making it another kind of thing. */
const mostNonceLength = 4096;
const dayMinutes = 1440;

/**
 * From evidence to a token: reads the evidence, verifies it at the baseline of tenant and policy, checks the data that
 * it binds, evaluates the policy on its claims, and signs what is permitted. Nothing of a draft policy is read or evaluated
 * before the evidence beside it has been verified.
 *
 * @throws ATTESTATION_EVIDENCE_REFUSED for evidence, data or endorsements that are refused, PolicyParsingError for a
 *   draft policy that is none, PolicyEvaluationError when the policy does not permit, ServiceUnavailable when the host has
 *   no endorsements at this time, TooManyRequests for a draft when too many wait already. Their details are for tenants with `explainRefusals`, and for the audit log.
 * @throws what the state throws.
 */
export function attest(request: AttestRequest, context: AttestContext): Promise<AttestResult> {
  if (request.draftPolicy === undefined) return attestNow(request, context);
  return context.drafts.admit(context.tenant, () => attestNow(request, context));
}

async function attestNow(request: AttestRequest, context: AttestContext): Promise<AttestResult> {
  const { tenant, policies } = context;
  // Once for all: a host that moved its clock meanwhile could have old collateral believed for a token of today.
  const now = context.now();
  const evidence = readEvidence(request);
  checkNonce(request.nonce);
  const snapshot = await tenant.state.read();
  const at = context.baseline.verificationTime ?? now;
  const { facts, chosen } = await appraise(context, snapshot.document, { request, evidence, at });
  // The permissive defaults are Azure's, for hardware; a tenant that takes software evidence says what of it is good enough.
  const policy = facts.platform === 'software' && chosen.origin === 'default' ? policies.strict(request.type) : chosen;
  const { explainRefusals: explains } = tenant.configuration;
  const { outgoing, properties } = await inTurn(context, policy.origin, () =>
    judge(policy, facts, { explains, turns: context.turns }),
  );
  const own = ownClaims(request, { facts, policy, snapshot, context });
  // Most policies issue nothing.
  const claims = outgoing.length === 0 ? own : { ...issuedClaims(outgoing, own), ...own };
  const options = signOptionsOf(properties, now);
  const token =
    policy.origin === 'draft'
      ? draftToken(claims, options, { policy, context })
      : await tenant.signer.sign(claims, options);
  return { token, facts, policyHash: policy.hash };
}

/** What the service says in the token beside `iss`, times and `jti`. */
function ownClaims(
  { nonce }: AttestRequest,
  {
    facts,
    policy,
    snapshot,
    context,
  }: {
    readonly facts: TeeClaims;
    readonly policy: ChosenPolicy;
    readonly snapshot: StateSnapshot;
    readonly context: AttestContext;
  },
): JsonClaims {
  const isSgx = facts.attestationType === 'sgx';
  const { hash, signer } = policy;
  const own: NewClaims<JsonClaims> = { ...facts.token, ...context.fixed };
  own['x-ms-ver'] = '1.0';
  own['x-ms-policy-hash'] = hash;
  own['x-enclos-state'] = { epoch: snapshot.epoch, digest: snapshot.digest };
  if (signer !== undefined) own['x-ms-policy-signer'] = signer;
  if (nonce !== undefined) own['nonce'] = nonce;
  if (isSgx) {
    own['policy_hash'] = hash;
    own['maa-policyHash'] = hash;
    if (signer !== undefined) own['policy_signer'] = signer;
    if (nonce !== undefined) own['rp_data'] = nonce;
  }
  return own;
}

/** An unsigned token, with the policy that made it, and a claim that says what it is. */
function draftToken(
  claims: JsonClaims,
  { validityMinutes, at }: SignOptions & { readonly at: Date },
  { policy, context }: { readonly policy: ChosenPolicy; readonly context: AttestContext },
): string {
  const minutes = validityMinutes ?? context.tenant.configuration.tokens.validityMinutes;
  return unsignedToken({
    ...claims,
    ...tokenTimes(at.getTime(), boundedValidity(minutes, dayMinutes)),
    jti: randomUUID(),
    'x-ms-policy': unsignedPolicyJws(policy.text),
    'x-enclos-draft': true,
  });
}

function checkNonce(nonce: string | undefined): void {
  if (nonce !== undefined && (nonce.length > mostNonceLength || /\p{Cs}/u.test(nonce))) {
    refuseEvidence(`The nonce is over ${mostNonceLength} characters, or no text.`, { rule: 'nonce' });
  }
}
