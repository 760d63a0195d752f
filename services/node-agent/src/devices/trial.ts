import { once } from 'node:events';
import { createConnection } from 'node:net';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { peerOf } from '../caller/peer.ts';

export interface TrialSteps {
  /** Starts a process as an enclave is started, in these cgroups. @throws what kept it from running */
  readonly launch: (cgroups: readonly string[]) => Promise<void>;
  /** The cgroups of the agent; none when enclaves are not moved into those of pods. */
  readonly cgroups: readonly string[];
  /** Identifies the kubelet by its socket, as pods are identified; undefined when pods are not. */
  readonly identify: (() => Promise<void>) | undefined;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** What starting an enclave for a pod needs, tried now and then. */
export interface Trial {
  /** Tries it when that is due. @throws what the last trial found */
  check(): Promise<void>;
  /** Has it tried at the next check: something failed that could be the node's fault. */
  suspect(): void;
}

const periodMs = 5 * 60_000;
const failedPeriodMs = 30_000;
/** Pods can cause suspicions; they must not cause more processes than this. */
const suspectPeriodMs = 10_000;

/** Remembers what it found: a trial takes a process, and devices are looked at every two seconds. */
export function createTrial(steps: TrialSteps): Trial {
  let last: { readonly atMs: number; readonly error: unknown } | undefined;
  let isSuspected = false;
  const isDue = (): boolean => {
    if (last === undefined) return true;
    const ageMs = steps.now() - last.atMs;
    if (isSuspected) return ageMs >= suspectPeriodMs;
    return ageMs >= (last.error === undefined ? periodMs : failedPeriodMs);
  };
  return Object.freeze({
    suspect: () => void (isSuspected = true),
    async check() {
      if (isDue()) {
        isSuspected = false;
        const error = await tryAll(steps).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        last = { atMs: steps.now(), error };
      }
      if (last?.error !== undefined) throw last.error as Error;
    },
  });
}

async function tryAll({ launch, cgroups, identify }: TrialSteps): Promise<void> {
  await identify?.();
  if (cgroups.length === 0) return launch([]);
  await launch(cgroups).catch(async (error: unknown) => {
    // Once more without: it tells which of the two is to be mended.
    await launch([]);
    throw new EnclosError(
      'AGENT_CGROUP_UNAVAILABLE',
      'A process that is started as enclaves are cannot enter the cgroup of a pod.',
      { cause: error },
    );
  });
}

const identifyMs = 5000;

/**
 * Identifies the kubelet by its socket. When the kernel does not tell the agent its process, it does not tell those of pods either.
 * @throws AGENT_CALLER_UNKNOWN. Without a kubelet, or with one that cannot be reached, it says nothing.
 */
export async function identifyKubelet(socketPath: string): Promise<void> {
  const connection = createConnection(socketPath);
  try {
    const isThere = await once(connection, 'connect', { signal: AbortSignal.timeout(identifyMs) }).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    connection.pause();
    await peerOf(connection);
  } catch (error) {
    if (!isEnclosError(error, 'AGENT_CALLER_UNKNOWN')) throw error;
    throw new EnclosError(
      'AGENT_CALLER_UNKNOWN',
      'The agent does not see the process of the kubelet, so it does not see those of pods: is hostPID set?',
      { cause: error },
    );
  } finally {
    connection.destroy();
  }
}
