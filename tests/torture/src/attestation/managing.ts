import { setTimeout as sleep } from 'node:timers/promises';
import {
  changeCertificate,
  createPolicySigner,
  getCertificates,
  getDiscovery,
  getKeys,
  getPolicy,
  issuers,
  markingPolicy,
  partOf,
  policyTextOf,
  resetPolicy,
  setPolicy,
} from '@enclos/process-kit';
import { createRandom, type Random } from '../random.ts';
import { denying, remember, type KnownKeys } from './attesting.ts';
import type { ExpectedPolicy, Seen } from './expected-policy.ts';
import type { ReplicaLife } from './fleet.ts';
import { callOne, count, managedAt, noteState, refusalOf, type LoadRun, type Outcome } from './run.ts';

const denyingPolicy = 'version=1.0; authorizationrules { => deny(); }; issuancerules {};';
const pauseMs = 100;

/** The one manager of the policy of a type: sets and resets it, and reads it after each change. */
export async function managingPolicy(
  run: LoadRun,
  { type, expected }: { readonly type: string; readonly expected: ExpectedPolicy },
  seed: number,
): Promise<void> {
  const random = createRandom(seed);
  const change = { issuer: issuers.plain, token: run.site.token, type };
  for (let number = 1; run.goesOn(); number++) {
    const policy = pickPolicy(random, `${type} ${number}`);
    const sent = expected.sent(policy);
    const outcome = await callOne(run, managedAt(run, random), callFor(change, policy));
    if (outcome.kind === 'answer') {
      if (outcome.answer.status === 200) sent.acknowledged();
      else {
        sent.refused();
        run.tally.fail(`a change of a policy: answered ${refusalOf(outcome.answer)}`);
      }
      count(run.counts.answered, policy === undefined ? 'policy: reset' : 'policy: set');
    }
    await readPolicy(run, { change, expected }, managedAt(run, random));
    await sleep(pauseMs);
  }
}

function pickPolicy(random: Random, mark: string): Seen {
  const which = random.below(10);
  if (which === 0) return denying;
  return which < 3 ? undefined : mark;
}

type Change = Parameters<typeof resetPolicy>[0];

function callFor(change: Change, policy: Seen): ReturnType<typeof setPolicy> {
  if (policy === undefined) return resetPolicy(change);
  return setPolicy(change, policy === denying ? denyingPolicy : markingPolicy(policy));
}

/** Reads a policy at a replica and judges it. @returns whether there was an answer. */
export async function readPolicy(
  run: LoadRun,
  { change, expected }: { readonly change: Change; readonly expected: ExpectedPolicy },
  life: ReplicaLife,
): Promise<boolean> {
  const outcome = await callOne(run, life, getPolicy(change));
  if (outcome.kind === 'none') return false;
  const { answer, startedMs } = outcome;
  const wrong =
    answer.status === 200
      ? expected.problem(seenIn(claimsOf(run, outcome)), { startedMs, isFresh: true })
      : `answered ${refusalOf(answer)}`;
  if (wrong === undefined) count(run.counts.answered, 'policy: get');
  else run.tally.fail(`the policy of ${change.type}: ${wrong}`);
  return true;
}

function claimsOf(run: LoadRun, { answer }: Extract<Outcome, { kind: 'answer' }>): Record<string, unknown> {
  const claims = partOf((answer.body as { readonly token: string }).token, 1) as Record<string, unknown>;
  noteState(run, claims);
  return claims;
}

/** The mark in the text of a policy; that of a default has none. */
function seenIn(claims: Record<string, unknown>): Seen {
  const text = policyTextOf(claims);
  if (text === denyingPolicy) return denying;
  return /type="mark", value="([^"]*)"/.exec(text)?.[1];
}

/** Registers and removes one certificate after the other, each with its own history. */
export async function managingCertificates(
  run: LoadRun,
  expected: readonly ExpectedPolicy[],
  seed: number,
): Promise<void> {
  const random = createRandom(seed);
  const { token, signer } = run.site;
  const certificates = expected.map((history, index) => ({
    history,
    certificate: createPolicySigner(`torture-${index}`).certificate,
  }));
  const there = 'registered';
  while (run.goesOn()) {
    const { history, certificate } = random.pick(certificates);
    const how = random.pick(['add', 'remove'] as const);
    const sent = history.sent(how === 'add' ? there : undefined);
    const changed = await callOne(
      run,
      random.pick(run.fleet.lives),
      changeCertificate({ issuer: issuers.isolated, token, signer }, how, certificate),
    );
    if (changed.kind === 'answer') {
      if (changed.answer.status === 200) sent.acknowledged();
      else run.tally.fail(`certificates, ${how}: answered ${refusalOf(changed.answer)}`);
      count(run.counts.answered, `certificates: ${how}`);
    }
    const read = await callOne(run, random.pick(run.fleet.lives), getCertificates(issuers.isolated, token));
    if (read.kind === 'answer' && read.answer.status !== 200) {
      run.tally.fail(`certificates: answered ${refusalOf(read.answer)}`);
    } else if (read.kind === 'answer') {
      const shown = registeredIn(claimsOf(run, read));
      for (const each of certificates) {
        const seen = shown.has(Buffer.from(each.certificate).toString('base64')) ? there : undefined;
        const wrong = each.history.problem(seen, { startedMs: read.startedMs, isFresh: true });
        if (wrong !== undefined) run.tally.fail(`certificates: ${wrong}`);
      }
      count(run.counts.answered, 'certificates: get');
    }
    await sleep(pauseMs);
  }
}

function registeredIn(claims: Record<string, unknown>): ReadonlySet<string> {
  const { keys } = claims['x-ms-policy-certificates'] as {
    readonly keys: readonly { readonly x5c: readonly string[] }[];
  };
  return new Set(keys.map(({ x5c: [certificate = ''] }) => certificate));
}

/** Reads keys and discovery. No key that was shown may be gone: none of them expires within a run. */
export async function discovering(run: LoadRun, known: KnownKeys, seed: number): Promise<void> {
  const random = createRandom(seed);
  while (run.goesOn()) {
    const issuer = random.pick([issuers.plain, issuers.isolated]);
    const before = [...known.keys.keys()].filter((name) => name.startsWith(`${issuer} `));
    const keys = await callOne(run, random.pick(run.fleet.lives), getKeys(issuer));
    if (keys.kind === 'answer') {
      remember(known, issuer, keys.answer);
      const shown = (keys.answer.body as { readonly keys: readonly { readonly kid: string }[] }).keys;
      const names = new Set(shown.map(({ kid }) => `${issuer} ${kid}`));
      const missing = before.filter((name) => !names.has(name)).length;
      // One that has just begun, or whose peer has, knows of the others a second later.
      if (missing > 0 && !run.outages.couldMeet(keys.startedMs) && !run.fleet.isFresh(keys.startedMs)) {
        run.tally.fail(`${missing} of ${before.length} keys that were shown are gone`);
      }
      count(run.counts.answered, 'keys');
    }
    const found = await callOne(run, random.pick(run.fleet.lives), getDiscovery(issuer));
    if (found.kind === 'answer') {
      const { issuer: said } = found.answer.body as { readonly issuer?: string };
      if (said !== issuer) run.tally.fail(`the discovery document of ${issuer} is that of ${said}`);
      count(run.counts.answered, 'discovery');
    }
    await sleep(pauseMs);
  }
}
