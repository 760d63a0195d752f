import { array, boolean, isJsonArray, isJsonObject, oneOf, string, JsonForm } from '@enclos/codec/json';
import type { JsonProblems, JsonObject, JsonRule, JsonValue } from '@enclos/codec/json';

/** How a caller may prove who it is. */
export const policyNames = Object.freeze([
  'user_cert',
  'member_cert',
  'any_cert',
  'jwt',
  'user_cose_sign1',
  'member_cose_sign1',
  'no_auth',
] as const);
export type PolicyName = (typeof policyNames)[number];

/** One entry of `authn_policies`: a name, or names that must all hold. */
export type AuthnPolicy = PolicyName | { readonly allOf: readonly PolicyName[] };

export type EndpointMode = 'historical' | 'readonly' | 'readwrite';

/** One endpoint of an application, as `app.json` or a row of `public:ccf.gov.endpoints` describes it (CCF, include/ccf/endpoint.h). */
export interface EndpointProperties {
  /** As it stands: relative to `src/` in app.json, absolute in a row. */
  readonly module: string;
  readonly function: string;
  /** Any one must hold. */
  readonly policies: readonly AuthnPolicy[];
  readonly forwarding: 'always' | 'never' | 'sometimes';
  readonly redirection: 'none' | 'to_backup' | 'to_primary';
  readonly mode: EndpointMode;
  /** An OpenAPI 3 operation. */
  readonly openapi: JsonObject;
  readonly isHidden: boolean;
  /** Calls with equal keys share an interpreter, and what its globals hold. */
  readonly reuseKey: string | undefined;
  /** Enclos's own, `"respond": "committed"`: the answer waits until its transaction is committed. CCF answers before that. */
  readonly answersWhenCommitted: boolean;
}

const maximumNameLength = 1024;
const maximumPolicies = 16;
const maximumShownLength = 64;
const policyName = oneOf(...policyNames);

const policy: JsonRule<AuthnPolicy> = {
  expected: `${policyName.expected}, or {"all_of": […]} of these`,
  read(value) {
    if (!isJsonObject(value as JsonValue)) return policyName.read(value);
    const names = (value as JsonObject)['all_of'];
    if (names === undefined || !isJsonArray(names) || names.length > maximumPolicies) return undefined;
    const known = names.map((name) => policyName.read(name)).filter((name) => name !== undefined);
    return known.length === names.length && new Set(known).size === known.length ? { allOf: known } : undefined;
  },
};

export const object: JsonRule<JsonObject> = {
  expected: 'an object',
  read: (value) => (isJsonObject(value as JsonValue) ? (value as JsonObject) : undefined),
};

/**
 * Reads one endpoint and notes every mistake. Members that nothing here asks for are left alone: applications carry some of older
 * versions of CCF.
 * @returns undefined after a mistake.
 */
export function readProperties(value: JsonValue, path: string, problems: JsonProblems): EndpointProperties | undefined {
  const before = problems.texts.length;
  const form = new JsonForm(value, path, problems);
  const module = form.required('js_module', string(maximumNameLength));
  const name = form.required('js_function', string(maximumNameLength));
  const entries = form.required('authn_policies', array(0, maximumPolicies)) ?? [];
  const policies = entries.map((entry) => {
    const found = policy.read(entry);
    if (found === undefined) {
      const given = JSON.stringify(entry).slice(0, maximumShownLength);
      form.problem('authn_policies', `each must be ${policy.expected}, and not ${given}.`);
    }
    return found;
  });
  const forwarding = form.required('forwarding_required', oneOf('always', 'sometimes', 'never'));
  const redirection = form.optional('redirection_strategy', oneOf('none', 'to_primary', 'to_backup')) ?? 'to_primary';
  const mode = form.optional('mode', oneOf('readwrite', 'readonly', 'historical')) ?? 'readwrite';
  const openapi = form.optional('openapi', object) ?? {};
  const isHidden = form.optional('openapi_hidden', boolean) ?? false;
  const reuseKey = form.form('interpreter_reuse')?.required('key', string(maximumNameLength));
  const answersWhenCommitted = form.optional('respond', oneOf('executed', 'committed')) === 'committed';
  if (module === undefined || name === undefined || forwarding === undefined) return undefined;
  if (problems.texts.length > before) return undefined;
  return Object.freeze({
    module,
    function: name,
    policies: policies.filter((entry) => entry !== undefined),
    forwarding,
    redirection,
    mode,
    openapi,
    isHidden,
    reuseKey,
    answersWhenCommitted,
  });
}
