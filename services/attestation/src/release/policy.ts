import { isJsonObject, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { parseClaimPath, type ClaimStep } from './claim-path.ts';
import { refusePolicy } from './errors.ts';

/** The operators of Azure's grammar. */
export type ReleaseOperator =
  | 'equals'
  | 'exists'
  | 'greater'
  | 'greaterOrEquals'
  | 'less'
  | 'lessOrEquals'
  | 'notEquals';

export interface ClaimCondition {
  readonly kind: 'claim';
  /** RFC 6901, into the policy. */
  readonly pointer: string;
  /** As the policy has it. */
  readonly claim: string;
  readonly path: readonly ClaimStep[];
  readonly operator: ReleaseOperator;
  readonly value: boolean | number | string;
}

export interface GroupCondition {
  readonly kind: 'allOf' | 'anyOf';
  readonly pointer: string;
  readonly conditions: readonly ReleaseCondition[];
}

export type ReleaseCondition = ClaimCondition | GroupCondition;

/** The authorities that may say that the conditions hold. */
export interface ReleaseAuthority {
  readonly pointer: string;
  /** Origin and path of the issuer, without a slash at the end. */
  readonly issuer: string;
  readonly condition: GroupCondition;
}

/** One authority is enough. Made by `parseReleasePolicy`. */
export interface ReleasePolicy {
  readonly version: '1.0.0';
  readonly authorities: readonly ReleaseAuthority[];
}

const maximumLength = 65_536;
const maximumAuthorities = 64;
const maximumConditions = 1024;
/** Below what the reader of JSON takes, so that the mistake has a place. */
const maximumDepth = 12;
const maximumTextLength = 4096;
const operators: ReadonlySet<string> = new Set([
  'equals',
  'exists',
  'greater',
  'greaterOrEquals',
  'less',
  'lessOrEquals',
  'notEquals',
] satisfies ReleaseOperator[]);
/** Azure's grammar writes the lower-case form, its examples the other one. */
const groups = Object.freeze({ anyOf: 'anyOf', anyof: 'anyOf', allOf: 'allOf', allof: 'allOf' } as const);

/**
 * Reads a policy in the grammar of Azure Key Vault's secure key release, version
 * 1.0.0, strictly: what is unknown, empty, duplicate or too much is an error.
 *
 * @throws RELEASE_POLICY_INVALID; `details.pointer` says where.
 */
export function parseReleasePolicy(text: string): ReleasePolicy {
  const document = objectAt(parse(text), '');
  onlyMembers(document, ['version', 'anyOf', 'anyof'], '');
  if (document['version'] !== '1.0.0') refusePolicy('/version', 'must be "1.0.0"');
  const { name } = groupIn(document, '');
  const counter = { left: maximumConditions };
  const authorities = itemsAt(document[name], `/${name}`, maximumAuthorities).map((item, index) =>
    readAuthority(item, `/${name}/${index}`, counter),
  );
  return Object.freeze({ version: '1.0.0', authorities: Object.freeze(authorities) });
}

/** Conditions of the whole policy that may still come. */
interface Counter {
  left: number;
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text, maximumLength);
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    return refusePolicy('', `is not strict JSON of up to ${maximumLength} characters (${cause.message})`, cause);
  }
}

function readAuthority(value: JsonValue, pointer: string, counter: Counter): ReleaseAuthority {
  const authority = objectAt(value, pointer);
  onlyMembers(authority, ['authority', ...Object.keys(groups)], pointer);
  const issuer = issuerOf(authority['authority']);
  if (issuer === undefined) return refusePolicy(`${pointer}/authority`, 'must be the https: URL of an issuer');
  return Object.freeze({ pointer, issuer, condition: readGroup(authority, pointer, { depth: 1, counter }) });
}

interface Place {
  readonly depth: number;
  readonly counter: Counter;
}

function readGroup(object: JsonObject, pointer: string, { depth, counter }: Place): GroupCondition {
  if (depth > maximumDepth) refusePolicy(pointer, `nests deeper than ${maximumDepth}`);
  const { name, kind } = groupIn(object, pointer);
  const inside = { depth: depth + 1, counter };
  const conditions = itemsAt(object[name], `${pointer}/${name}`, maximumConditions).map((item, index) =>
    readCondition(item, `${pointer}/${name}/${index}`, inside),
  );
  return Object.freeze({ kind, pointer: `${pointer}/${name}`, conditions: Object.freeze(conditions) });
}

function readCondition(value: JsonValue, pointer: string, place: Place): ReleaseCondition {
  place.counter.left -= 1;
  if (place.counter.left < 0) refusePolicy(pointer, `is one more than ${maximumConditions} conditions`);
  const object = objectAt(value, pointer);
  if ('claim' in object) return readClaim(object, pointer);
  onlyMembers(object, Object.keys(groups), pointer);
  return readGroup(object, pointer, place);
}

function readClaim(object: JsonObject, pointer: string): ClaimCondition {
  onlyMembers(object, ['claim', ...operators], pointer);
  const { claim } = object;
  const path = typeof claim === 'string' ? parseClaimPath(claim) : undefined;
  if (typeof claim !== 'string' || path === undefined) {
    return refusePolicy(`${pointer}/claim`, "must be a path such as a.b, a[0] or a['b.c']");
  }
  const [operator, ...more] = Object.keys(object).filter(isOperator);
  if (operator === undefined || more.length > 0) return refusePolicy(pointer, 'must have one operator');
  const value = valueOf(object[operator], operator, `${pointer}/${operator}`);
  return Object.freeze({ kind: 'claim', pointer, claim, path, operator, value });
}

function valueOf(value: JsonValue | undefined, operator: ReleaseOperator, pointer: string): boolean | number | string {
  // The grammar and some of Azure's examples write booleans as texts.
  const plain = value === 'true' || value === 'false' ? value === 'true' : value;
  if (operator === 'exists') return typeof plain === 'boolean' ? plain : refusePolicy(pointer, 'must be true or false');
  const isOrder = operator !== 'equals' && operator !== 'notEquals';
  if (typeof plain === 'number') {
    // Beyond that two numbers of a text are one in memory.
    return Math.abs(plain) <= Number.MAX_SAFE_INTEGER ? plain : refusePolicy(pointer, 'is beyond exact numbers');
  }
  if (isOrder) return refusePolicy(pointer, 'must be a number');
  if (typeof plain === 'boolean' || (typeof plain === 'string' && plain.length <= maximumTextLength)) return plain;
  return refusePolicy(pointer, `must be a text of up to ${maximumTextLength} characters, a number, true or false`);
}

function isOperator(name: string): name is ReleaseOperator {
  return operators.has(name);
}

/** Which of the four spellings an object has: exactly one. */
function groupIn(object: JsonObject, pointer: string): { readonly name: string; readonly kind: 'allOf' | 'anyOf' } {
  const [found, ...more] = Object.entries(groups).filter(([name]) => name in object);
  if (found === undefined || more.length > 0) {
    return refusePolicy(pointer, pointer === '' ? 'must have anyOf' : 'must have either anyOf or allOf');
  }
  const [name, kind] = found;
  return { name, kind };
}

function itemsAt(value: JsonValue | undefined, pointer: string, maximum: number): readonly JsonValue[] {
  const isGood = Array.isArray(value) && value.length > 0 && value.length <= maximum;
  // An empty allOf would be satisfied by anything.
  return isGood ? (value as readonly JsonValue[]) : refusePolicy(pointer, `must be a list of 1 to ${maximum}`);
}

function objectAt(value: JsonValue, pointer: string): JsonObject {
  return isJsonObject(value) ? value : refusePolicy(pointer, 'must be an object');
}

function onlyMembers(object: JsonObject, known: readonly string[], pointer: string): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const escaped = unknown.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
  refusePolicy(`${pointer}/${escaped}`, `is not one of ${known.join(', ')}`);
}

/** As the client of the verified token has its issuer: origin and path. */
function issuerOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'string' || /[?#\s\\@]/.test(value) || !URL.canParse(value)) return undefined;
  const { protocol, origin, pathname } = new URL(value);
  return protocol === 'https:' ? `${origin}${pathname.replace(/\/$/, '')}` : undefined;
}
