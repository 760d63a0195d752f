import type { ServiceAnswer, ServiceCall } from '@enclos/process-kit';
import type { AttestationSite } from '@enclos/process-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tally } from '../program.ts';
import type { Random } from '../random.ts';
import type { Fleet, ReplicaLife } from './fleet.ts';

/** A call that takes longer has no answer. */
const answerWithinMs = 30_000;
/** So long after PostgreSQL came back calls may still fail: connections have to be made anew. */
const recoveryMs = 15_000;

export interface LoadRun {
  readonly site: AttestationSite;
  readonly fleet: Fleet;
  readonly tally: Tally;
  readonly counts: Counts;
  readonly outages: Outages;
  /** Digests of states by tenant and epoch. */
  readonly states: Map<string, string>;
  goesOn(): boolean;
}

export interface Counts {
  /** Answers that were right, by kind of call. */
  readonly answered: Map<string, number>;
  /** ServiceUnavailable, while PostgreSQL was away. */
  unavailable: number;
  /** Calls that a killed replica took along. */
  lost: number;
  slowestMs: number;
}

export const count = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);

/** When PostgreSQL was away. */
export interface Outages {
  begin(): void;
  end(): void;
  /** Whether a call of this time may have met one. */
  couldMeet(startedMs: number): boolean;
  readonly number: number;
}

export function createOutages(nowMs: () => number): Outages {
  let [number, endedMs] = [0, Number.NEGATIVE_INFINITY];
  return {
    begin() {
      number += 1;
      endedMs = Number.POSITIVE_INFINITY;
    },
    end() {
      endedMs = nowMs();
    },
    couldMeet: (startedMs) => startedMs <= endedMs + recoveryMs,
    get number() {
      return number;
    },
  };
}

export type Outcome =
  | { readonly kind: 'answer'; readonly answer: ServiceAnswer; readonly startedMs: number; readonly life: ReplicaLife }
  /** Nothing is known of what it did. */
  | { readonly kind: 'none' };

/** So long management goes to all replicas, and then as long to one of them. */
const phaseMs = 8000;

/**
 * Where policies are managed now. A management call lets its replica read the store, so that of one which is always asked
 * nobody would notice that attest calls go by an old state.
 */
export function managedAt({ fleet }: LoadRun, random: Random): ReplicaLife {
  const phase = Math.floor(performance.now() / phaseMs);
  const { lives } = fleet;
  return (phase % 2 === 0 ? undefined : lives[((phase - 1) / 2) % lives.length]) ?? random.pick(lives);
}

/** What tokens say of a tenant's state: two digests of one epoch are two histories. */
export function noteState({ states, tally }: LoadRun, claims: Readonly<Record<string, unknown>>): void {
  const { epoch, digest } = claims['x-enclos-state'] as { readonly epoch: number; readonly digest: string };
  const name = `${JSON.stringify(claims['iss'])} ${epoch}`;
  const known = states.get(name);
  if (known !== undefined && known !== digest) tally.fail(`two states of epoch ${epoch}: ${known} and ${digest}`);
  states.set(name, digest);
}

/**
 * Makes a call at a replica. A call that fails without a reason, or has no answer in time, is told
 * here; what an answer says is for the caller to judge.
 */
export async function callOne(run: LoadRun, life: ReplicaLife, what: ServiceCall): Promise<Outcome> {
  const { tally, counts, outages } = run;
  const startedMs = performance.now();
  try {
    const answer = await life.replica.call({ ...what, timeoutMs: answerWithinMs });
    if (answer.status !== 503) return { kind: 'answer', answer, startedMs, life };
    counts.unavailable += 1;
    if (!outages.couldMeet(startedMs)) tally.fail(`${what.path}: ServiceUnavailable, and PostgreSQL was there`);
  } catch (error) {
    counts.lost += 1;
    // The end of a connection may come before the news of the kill.
    await sleep(100);
    if (!life.isEnding) tally.fail(`${what.path}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - startedMs);
  }
  return { kind: 'none' };
}

/** Status and code of an answer that refuses. */
export function refusalOf({ status, body }: ServiceAnswer): string {
  const { error } = body as { readonly error?: { readonly code?: string } };
  return `${status} ${error?.code ?? 'no error'}`;
}
