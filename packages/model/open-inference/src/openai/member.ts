import { isJsonObject, parseJsonBytes, type JsonObject, type JsonRule, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { reading, refuse, refuseUnsupported } from '../refusal.ts';

/** Bounds of a request, before any value of it is made. */
export interface RequestBounds {
  readonly maxBytes: number;
  readonly maxValues: number;
}

/** All objects of a request together may have so many: a conversation has the most. */
const maximumMembers = 16_384;

/** The members of a request that are not null: OpenAI's clients send null for what is not set. */
export function readRequest(body: Uint8Array, { maxBytes, maxValues }: RequestBounds): JsonObject {
  if (body.length > maxBytes) {
    throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', `the request has more than ${maxBytes} bytes (maxBytes).`, {
      details: { at: 'the request', bound: 'maxBytes' },
    });
  }
  return presentMembers(
    reading('the request', () => parseJsonBytes(body, body.length, { maxValues, maxMembers: maximumMembers })),
    'the request',
  );
}

export function presentMembers(value: JsonValue, at: string): JsonObject {
  if (!isJsonObject(value)) return refuse(at, 'is not an object');
  return Object.freeze(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)));
}

/** A member by its rule. @throws INFERENCE_MESSAGE_INVALID. @param path comes before its name in messages. */
export function optionalMember<T>(members: JsonObject, name: string, rule: JsonRule<T>, path = ''): T | undefined {
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  if (value === undefined) return undefined;
  const found = rule.read(value);
  return found === undefined ? refuse(`${path}${name}`, `is not ${rule.expected}`) : found;
}

export function requiredMember<T>(members: JsonObject, name: string, rule: JsonRule<T>, path = ''): T {
  return optionalMember(members, name, rule, path) ?? refuse(`${path}${name}`, 'is missing');
}

/** A number within bounds, both included. */
export function numberWithin(minimum: number, maximum: number): JsonRule<number> {
  return {
    expected: `a number from ${minimum} to ${maximum}`,
    read: (value) => (typeof value === 'number' && value >= minimum && value <= maximum ? value : undefined),
  };
}

/** What makes a member say nothing, such as a penalty of 0. */
export type NeutralMembers = Readonly<Record<string, (value: JsonValue) => boolean>>;

interface KnownMembers {
  /** Read by the caller. */
  readonly read: readonly string[];
  /** They have no effect on an answer: accounting, caching, labels. */
  readonly harmless: readonly string[];
  /** They would change the answer, so only the value is accepted that does not. */
  readonly neutral: NeutralMembers;
}

/**
 * Refuses what would change the answer and is not supported, and members that are not known, as OpenAI does.
 *
 * @throws INFERENCE_UNSUPPORTED.
 */
export function requireSupported(members: JsonObject, { read, harmless, neutral }: KnownMembers): void {
  for (const [name, value] of Object.entries(members)) {
    if (read.includes(name) || harmless.includes(name)) continue;
    const isNeutral = Object.hasOwn(neutral, name) ? neutral[name] : undefined;
    if (isNeutral === undefined) refuseUnsupported('the request', 'has a member that is not known');
    else if (!isNeutral(value)) refuseUnsupported(name, 'has a value that is not supported');
  }
}
