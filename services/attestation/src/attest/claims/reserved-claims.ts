import type { Claim, ClaimValue } from '@enclos/claim-rules';
import { Refusal } from '@enclos/service/refusal';
import '../../errors.ts';
import { canonicalJson } from '../../tokens/canonical-json.ts';
import type { JsonValue } from '@enclos/codec/json';
import type { JsonClaims } from '../../tokens/signer.ts';

/** Names that belong to the service in every token, whether this one has them or not. */
const reservedNames: ReadonlySet<string> = new Set([
  // RFC 7519, but for sub and aud, which a tenant may say of its own tokens.
  'iss',
  'exp',
  'nbf',
  'iat',
  'jti',
  // RFC 7800, and EAT: about the attester, and not for a policy to make up.
  'cnf',
  'nonce',
  'eat_nonce',
  'eat_profile',
  'dbgstat',
  'intuse',
  'attester_tcb_status',
  // Names of the first version of the service.
  'ver',
  'tee',
  'rp_data',
  'policy_hash',
  'policy_signer',
]);
const reservedPrefixes: readonly string[] = ['x-ms-', 'x-enclos-', 'tdx_', 'maa-', 'aas-', '$'];

/** Whether only the service says something under this name. Clients may compare names without case. */
export function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return reservedNames.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix));
}

/**
 * What a policy issues, beside the claims of the service. A claim of the service may be issued as it is, which changes
 * nothing; anything else under one of its names refuses the whole request, so that no one takes for a fact what a
 * policy made up. Several values of one name become an array, in their order.
 *
 * @throws ATTESTATION_POLICY_REFUSED
 */
export function issuedClaims(outgoing: readonly Claim[], own: JsonClaims): JsonClaims {
  const issued = new Map<string, ClaimValues>();
  for (const { type, value } of outgoing) {
    if (isReserved(type) || Object.hasOwn(own, type)) requireOwn(type, value, own);
    else addValue(issued, type, value);
  }
  const claims = [...issued].map(([type, { values }]): [string, JsonValue] => {
    const [first] = values;
    return [type, values.length === 1 && first !== undefined ? first : values];
  });
  // fromEntries defines members: no name is special to it.
  return Object.fromEntries(claims);
}

/** The values of one name. */
interface ClaimValues {
  readonly values: ClaimValue[];
  /** Each with its type, as text: V8 hashes a number without a seed, so a policy could make many that meet in one bucket. */
  readonly known: Set<string>;
}

/** A policy may issue ten thousand of one name, so none is looked for among all of them. */
function addValue(issued: Map<string, ClaimValues>, type: string, value: ClaimValue): void {
  let entry = issued.get(type);
  if (entry === undefined) {
    entry = { values: [], known: new Set() };
    issued.set(type, entry);
  }
  const { values, known } = entry;
  const before = known.size;
  if (known.add(`${typeof value}:${value}`).size > before) values.push(value);
}

function requireOwn(type: string, value: ClaimValue, own: JsonClaims): void {
  const mine = Object.hasOwn(own, type) ? own[type] : undefined;
  // Claims that are objects in the token are JSON text in the policy.
  const isSame = mine === value || (isObject(mine) && canonicalJson(mine) === value);
  if (isSame) return;
  const message = `The policy issues a claim ${JSON.stringify(type.slice(0, 100))}, which belongs to the service.`;
  throw new Refusal('ATTESTATION_POLICY_REFUSED', message, {
    explanation: { rule: 'reserved-claim', claim: type },
  });
}

function isObject(value: JsonValue | undefined): value is Exclude<JsonValue, string | number | boolean | null> {
  return typeof value === 'object' && value !== null;
}
