import { parseJson } from '../json.ts';
import { answerInvalid, exchange, readBody, type ExchangeOptions } from './exchange.ts';
import { isLoopback } from './reference.ts';
import { failureOf } from './failure.ts';

/** What a registry gets from a user: a name and a password, or a token from elsewhere. */
export type Credentials = { readonly user: string; readonly password: string } | { readonly token: string };

/** A challenge of RFC 9110 section 11.6.1, as registries send them. */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: Readonly<Record<string, string>>;
}

const maxTokenBytes = 64 * 1024;
const maxChallenge = 4096;

/** The first challenge that can be answered here. */
export function parseChallenge(header: string): Challenge | undefined {
  const [, scheme, rest = ''] = /^\s*(basic|bearer)(?:\s+(.*))?$/is.exec(header.slice(0, maxChallenge)) ?? [];
  if (scheme === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', value = ''] of rest.matchAll(/([a-z_]+)="([^"]*)"/gi)) {
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  const lower = scheme.toLowerCase();
  return { scheme: lower === 'basic' ? 'basic' : 'bearer', parameters: Object.fromEntries(parameters) };
}

/**
 * What answers a challenge: the value of the header Authorization; undefined when there is nothing to answer with.
 * @throws what asking for a token throws.
 */
export async function answerChallenge(
  challenge: Challenge,
  {
    credentials,
    registry,
    ...options
  }: ExchangeOptions & {
    readonly credentials: Credentials | undefined;
    readonly registry: URL;
  },
): Promise<string | undefined> {
  if (credentials !== undefined && 'token' in credentials) return `Bearer ${credentials.token}`;
  const basic = credentials === undefined ? undefined : basicOf(credentials);
  if (challenge.scheme === 'basic') return basic;
  const url = tokenUrl(challenge, registry);
  const headers: Record<string, string> = basic === undefined ? {} : { authorization: basic };
  const answer = await exchange({ method: 'GET', url, headers }, options);
  if (answer.response.status !== 200) throw failureOf(answer, 'the token');
  const json = parseJson(await readBody(answer, maxTokenBytes), 'token of the registry');
  // Either name is in use (distribution, "Token Authentication Specification").
  const token = ['token', 'access_token'].map((name) => textAt(json, name)).find((text) => text !== undefined);
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) throw answerInvalid(url, 'answers without a token');
  return `Bearer ${token}`;
}

function basicOf({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** The registry says where tokens are. What is sent there may be a password, so it goes over TLS or stays on this machine. */
function tokenUrl({ parameters }: Challenge, registry: URL): URL {
  const { realm = '', service, scope } = parameters;
  if (!URL.canParse(realm)) throw answerInvalid(registry, 'names no place for tokens');
  const url = new URL(realm);
  const isLocal = isLoopback(registry.hostname) && isLoopback(url.hostname) && url.protocol === 'http:';
  if ((url.protocol !== 'https:' && !isLocal) || url.username !== '') {
    throw answerInvalid(registry, `names ${url.origin} for tokens, which is not over TLS`);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  return url;
}

function textAt(json: unknown, name: string): string | undefined {
  const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
