import { setTimeout as sleep } from 'node:timers/promises';
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { attestSgx, getKeys, issuers, partOf, quoteFor, type Claimant, type ServiceAnswer } from '@enclos/process-kit';
import { createRandom, type Random } from '../random.ts';
import type { ExpectedPolicy } from './expected-policy.ts';
import { callOne, count, noteState, refusalOf, type LoadRun, type Outcome } from './run.ts';

/** What a denying policy is called by who expects one: its refusals do not say which one it was. */
export const denying = 'deny';

/** Public keys of the service by their id. What was shown once is remembered, and must be shown again. */
export interface KnownKeys {
  readonly keys: Map<string, JsonWebKey>;
}

export interface Attesting {
  readonly claimant: Claimant;
  readonly expected: ExpectedPolicy;
  readonly known: KnownKeys;
}

type Kind = 'good' | 'tampered' | 'wrong data' | 'isolated tenant' | 'tenant without software';
const kinds: readonly Kind[] = [
  'good',
  'good',
  'good',
  'good',
  'tampered',
  'wrong data',
  'isolated tenant',
  'tenant without software',
];
/** Header, body and signature of a quote: whatever is changed in these, it does not verify. */
const signedBytes = 500;
const shownWithinMs = 5000;

/** Asks for tokens, one after the other, until it is over. */
export async function attesting(run: LoadRun, scene: Attesting, seed: number): Promise<void> {
  const random = createRandom(seed);
  while (run.goesOn()) {
    const kind = random.pick(kinds);
    const data = random.bytes(1 + random.below(200));
    const quote = Uint8Array.from(await quoteFor(scene.claimant, data));
    if (kind === 'tampered') {
      const at = random.below(signedBytes);
      quote[at] = (quote[at] ?? 0) ^ (1 << random.below(8));
    }
    const sent = kind === 'wrong data' ? random.bytes(data.length + 1) : data;
    const outcome = await callOne(run, random.pick(run.fleet.lives), attestSgx(issuerOf(kind), quote, sent));
    const wrong = await judge(outcome, { run, scene, kind, random, data });
    if (wrong !== undefined) run.tally.fail(`attest, ${kind}: ${wrong}`);
    else if (outcome.kind === 'answer') count(run.counts.answered, `attest: ${kind}`);
    await sleep(5);
  }
}

function issuerOf(kind: Kind): string {
  if (kind === 'isolated tenant') return issuers.isolated;
  return kind === 'tenant without software' ? issuers.hardware : issuers.plain;
}

interface Judged {
  readonly run: LoadRun;
  readonly scene: Attesting;
  readonly kind: Kind;
  readonly random: Random;
  readonly data: Uint8Array;
}

async function judge(outcome: Outcome, judged: Judged): Promise<string | undefined> {
  if (outcome.kind === 'none') return undefined;
  const { answer, startedMs } = outcome;
  const { kind, scene } = judged;
  if (kind === 'good') {
    const isDenied = answer.status === 400 && refusalOf(answer) === '400 PolicyEvaluationError';
    if (isDenied) return scene.expected.problem(denying, { startedMs, isFresh: false });
    const claims = await tokenClaims(answer, judged);
    if (typeof claims === 'string') return claims;
    const mark = claims['mark'] as string | undefined;
    return scene.expected.problem(mark, { startedMs, isFresh: false });
  }
  if (kind === 'isolated tenant') {
    const claims = await tokenClaims(answer, judged);
    if (typeof claims === 'string') return claims;
    return claims['mark'] === undefined ? undefined : `the policy of another tenant: ${JSON.stringify(claims['mark'])}`;
  }
  return refusalOf(answer) === '400 InvalidParameter' ? undefined : `answered ${refusalOf(answer)}`;
}

/** The claims of a token that verifies, is of the tenant and binds the data; or what is wrong. */
async function tokenClaims(answer: ServiceAnswer, judged: Judged): Promise<Record<string, unknown> | string> {
  if (answer.status !== 200) return `answered ${refusalOf(answer)}`;
  const { token } = answer.body as { readonly token: string };
  const claims = partOf(token, 1) as Record<string, unknown>;
  const issuer = issuerOf(judged.kind);
  if (claims['iss'] !== issuer) return `a token of ${String(claims['iss'])}`;
  if (claims['x-ms-sgx-ehd'] !== Buffer.from(judged.data).toString('base64url')) return 'a token for other data';
  if (claims['x-enclos-platform'] !== 'software') return 'a token that does not say that the platform is software';
  const key = await keyOf(token, issuer, judged);
  if (key === undefined) return 'a token whose key no replica shows';
  const [header = '', payload = '', signature = ''] = token.split('.');
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const isGood = verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
  if (!isGood) return 'a token with a wrong signature';
  noteState(judged.run, claims);
  return claims;
}

/** By `/certs` of any replica: that of a new one takes a second to be shown at the other. */
async function keyOf(token: string, issuer: string, { run, scene, random }: Judged): Promise<JsonWebKey | undefined> {
  const { kid = '', alg } = partOf(token, 0) as { readonly kid?: string; readonly alg?: string };
  if (alg !== 'RS256') return undefined;
  const name = `${issuer} ${kid}`;
  const deadline = performance.now() + shownWithinMs;
  while (!scene.known.keys.has(name) && performance.now() < deadline) {
    const outcome = await callOne(run, random.pick(run.fleet.lives), getKeys(issuer));
    if (outcome.kind === 'answer' && outcome.answer.status === 200) remember(scene.known, issuer, outcome.answer);
    if (!scene.known.keys.has(name)) await sleep(100);
  }
  return scene.known.keys.get(name);
}

export function remember({ keys }: KnownKeys, issuer: string, { body }: ServiceAnswer): void {
  for (const key of (body as { readonly keys: readonly (JsonWebKey & { readonly kid: string })[] }).keys) {
    keys.set(`${issuer} ${key.kid}`, key);
  }
}
