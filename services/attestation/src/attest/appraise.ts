import type { TenantDocument } from '../document/document.ts';
import type { AttestRequest } from './attest-request.ts';
import { baselineFor, type BaselineRequest } from './baseline.ts';
import { claimsOf, verifyEvidence, type ClaimSource, type GenuineEvidence } from './collect-claims.ts';
import type { AttestContext } from './context.ts';
import type { Evidence } from './evidence.ts';
import { tcbIdentifierOf } from './judge.ts';
import { readDraft, type ChosenPolicy, type PolicyOrigin } from './policies.ts';
import type { TeeClaims } from './claims/tee-claims.ts';

/** A request whose evidence was read, and the time at which it is verified. */
interface ReadRequest {
  readonly request: AttestRequest;
  readonly evidence: Evidence;
  readonly at: Date;
}

/** What evidence says, and the policy that it is judged by. */
export interface Appraisal {
  readonly facts: TeeClaims;
  readonly chosen: ChosenPolicy;
}

/**
 * Verifies the evidence of a request at the baseline that its policy names.
 * @throws ATTESTATION_EVIDENCE_REFUSED, ATTESTATION_ENDORSEMENTS_UNAVAILABLE, ATTESTATION_POLICY_INVALID, ATTESTATION_POLICY_REFUSED
 */
export async function appraise(
  context: AttestContext,
  document: TenantDocument,
  read: ReadRequest,
): Promise<Appraisal> {
  const { request } = read;
  const { draftPolicy } = request;
  if (draftPolicy !== undefined) return byDraft(context, read, draftPolicy);
  const chosen = context.policies.choose(request.type, document, context.tenant.configuration);
  // The tenant's own configuration rules are evaluated once, whatever evidence comes.
  const baseline = baselineFor(context.baseline, await tcbIdentifierOf(chosen, context.turns));
  return { facts: claimsOf(await verifyEvidence(context, sourceOf(read, baseline)), context), chosen };
}

/**
 * The draft comes from the caller, so evidence is verified first, at the tenant's own baseline: all of it, but for whether
 * its status is good enough. Only then is the draft read, and its configuration evaluated. If that names another baseline,
 * the evidence is verified once more, at that one.
 */
async function byDraft(context: AttestContext, read: ReadRequest, draft: string): Promise<Appraisal> {
  const own = baselineFor(context.baseline, undefined);
  // Many that come at once begin one after the other. The host's answers are awaited outside of these turns.
  await inTurn(context, 'draft', () => Promise.resolve());
  const genuine = await verifyEvidence(context, sourceOf(read, own));
  const { chosen, named } = await inTurn(context, 'draft', async () => {
    const policy = readDraft(draft);
    return { chosen: policy, named: baselineFor(context.baseline, await tcbIdentifierOf(policy, context.turns)) };
  });
  const asNamed: GenuineEvidence = isSame(own, named) ? genuine : await verifyEvidence(context, sourceOf(read, named));
  return { facts: claimsOf(asNamed, context), chosen };
}

function sourceOf({ request, evidence, at }: ReadRequest, baseline: BaselineRequest): ClaimSource {
  const { runtimeData, initTimeData } = request;
  return { evidence, at, baseline, runtimeData, initTimeData };
}

function isSame(left: BaselineRequest, right: BaselineRequest): boolean {
  return left.update === right.update && left.evaluationNumber === right.evaluationNumber;
}

/** Drafts wait for each other, and let others in between: a flood of them holds up drafts, and nothing else. */
export function inTurn<T>({ drafts, turns }: AttestContext, origin: PolicyOrigin, work: () => Promise<T>): Promise<T> {
  if (origin !== 'draft') return work();
  return drafts.take(async () => {
    await turns.pause();
    return work();
  });
}
