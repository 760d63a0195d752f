import type { AuthnPolicy, PolicyName } from '../bundle/properties.ts';
import type { AppAnswer } from '../contract/message.ts';
import { errorAnswer, type ErrorDetail } from '../contract/odata.ts';
import type { AuthnContext, AuthnFinding, Caller } from '../contract/caller.ts';
import { authenticateAnyCertificate, authenticateParty } from './certificates.ts';
import { authenticateSignedBody } from './signed-body.ts';
import { authenticateToken } from './token.ts';

const policies: Readonly<Record<PolicyName, (context: AuthnContext) => AuthnFinding>> = {
  user_cert: (context) => authenticateParty(context, 'user'),
  member_cert: (context) => authenticateParty(context, 'member'),
  any_cert: authenticateAnyCertificate,
  jwt: authenticateToken,
  user_cose_sign1: (context) => authenticateSignedBody(context, 'user'),
  member_cose_sign1: (context) => authenticateSignedBody(context, 'member'),
  no_auth: () => ({ caller: { policy: 'no_auth' } }),
};

const signedAccess = 'COSE-SIGN1 realm="Signed request access"';
/** What a client is asked for, by the policy that refused it. */
const challenges: Partial<Readonly<Record<PolicyName, string>>> = {
  jwt: 'Bearer realm="JWT bearer token access", error="invalid_token"',
  user_cose_sign1: signedAccess,
  member_cose_sign1: signedAccess,
};

/** A caller; null for an endpoint that asks for none. `content` is what a caller signed. */
export interface Authentication {
  readonly caller: Caller | null;
  readonly content?: Uint8Array;
}

/**
 * Finds the first policy that holds.
 *
 * @returns the answer 401 with the reason of each policy if none does, or 500 for a message that cannot be read (CCF, cose_auth.cpp).
 */
export function authenticate(entries: readonly AuthnPolicy[], context: AuthnContext): Authentication | AppAnswer {
  if (entries.length === 0) return { caller: null };
  const details: ErrorDetail[] = [];
  let challenge: string | undefined;
  for (const entry of entries) {
    const { name, refused, finding } = judge(entry, context);
    if ('failure' in finding) return errorAnswer(500, { code: 'InternalError', message: finding.failure });
    if (!('refusal' in finding)) return finding;
    details.push({ auth_policy: name, code: 'InvalidAuthenticationInfo', message: finding.refusal });
    challenge = challenges[refused];
  }
  return errorAnswer(401, {
    code: 'InvalidAuthenticationInfo',
    message: 'Invalid authentication credentials.',
    details,
    headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
  });
}

interface Judgement {
  readonly name: string;
  /** The policy that refused, if one did. */
  readonly refused: PolicyName;
  readonly finding: AuthnFinding;
}

function judge(entry: AuthnPolicy, context: AuthnContext): Judgement {
  if (typeof entry === 'string') return { name: entry, refused: entry, finding: policies[entry](context) };
  // In the order of names, in which CCF keeps them.
  const names = entry.allOf.toSorted();
  const name = names.join('+');
  const callers: Record<string, Caller> = {};
  let content: Uint8Array | undefined;
  for (const each of names) {
    const finding = policies[each](context);
    if ('failure' in finding) return { name, refused: each, finding };
    if ('refusal' in finding) return { name, refused: each, finding: { refusal: `${each}:${finding.refusal}` } };
    callers[each] = finding.caller;
    content = finding.content ?? content;
  }
  const caller = { ...callers, policy: names };
  return { name, refused: 'no_auth', finding: content === undefined ? { caller } : { caller, content } };
}
