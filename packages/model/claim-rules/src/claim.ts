/** Numbers are safe integers. */
export type ClaimValue = string | number | boolean;

/** The issuer of a claim: the service, from the evidence; the policy itself; or the client. */
export type ClaimIssuer = 'AttestationService' | 'AttestationPolicy' | 'CustomClaim';

export interface Claim {
  readonly type: string;
  readonly value: ClaimValue;
  readonly issuer: ClaimIssuer;
}

export const claimIssuers: readonly ClaimIssuer[] = Object.freeze([
  'AttestationService',
  'AttestationPolicy',
  'CustomClaim',
]);

export const valueTypes = Object.freeze(['String', 'Integer', 'Boolean'] as const);

/** The language's name for the type of a value. */
export function valueTypeOf(value: ClaimValue): (typeof valueTypes)[number] {
  if (typeof value === 'string') return 'String';
  return typeof value === 'number' ? 'Integer' : 'Boolean';
}
