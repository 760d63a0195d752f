import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';

/** A name of a member, or the index of an item. */
export type ClaimStep = string | number;

const maximumLength = 512;
const maximumSteps = 16;
const stepPattern = /(?:^|\.)([^.[\]'"\p{Cc}]{1,256})|\[(0|[1-9]\d{0,4})\]|\['([^'\p{Cc}]{1,256})'\]/uy;

/**
 * Reads the path of a claim: names between dots, `[0]` for an item of a list, and
 * `['a.b']` for a name that holds a dot or a bracket. Undefined for anything else.
 */
export function parseClaimPath(text: string): readonly ClaimStep[] | undefined {
  if (text.length === 0 || text.length > maximumLength || text.startsWith('.')) return undefined;
  const steps: ClaimStep[] = [];
  for (let at = 0; at < text.length; at = stepPattern.lastIndex) {
    stepPattern.lastIndex = at;
    const found = stepPattern.exec(text);
    const [, name, index, quoted] = found ?? [];
    const step = name ?? quoted ?? (index === undefined ? undefined : Number(index));
    // What begins with an index names an item of the claims, and claims are not a list.
    if (step === undefined || (typeof step === 'number' && at === 0) || steps.length === maximumSteps) return undefined;
    steps.push(step);
  }
  return Object.freeze(steps);
}

/** The value at a path; undefined where there is none. The claims have no prototype, so no name is special. */
export function claimAt(claims: JsonObject, path: readonly ClaimStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const step of path) {
    if (typeof step === 'number') value = Array.isArray(value) ? (value as readonly JsonValue[])[step] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
