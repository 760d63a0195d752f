import { descendants, isRunning, startReplica, until, type Replica, type ReplicaSite } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { within } from '../processes.ts';

/** One life of a replica. */
export interface ReplicaLife {
  readonly replica: Replica;
  /** Innermost process of its enclave. */
  readonly enclave: number;
  readonly beganMs: number;
  /** Somebody ends it: its calls may be lost from now on. */
  isEnding: boolean;
}

/** Two replicas of one service; the second one is killed now and then. */
export interface Fleet {
  /** Those that live, the steady one first. */
  readonly lives: readonly ReplicaLife[];
  readonly steady: ReplicaLife;
  readonly kills: number;
  /** Whether one had just begun at this time: for a moment the other does not show its keys. */
  isFresh(atMs: number): boolean;
  /** Kills the second by kill -9 of its host, sees that its enclave ends too, and starts the next. */
  killSecond(): Promise<void>;
  close(): Promise<void>;
}

const startsWithinMs = 60_000;
const endsWithinMs = 20_000;
/** A list of peers is a second old at most, and what it waits for takes a while on a loaded machine. */
const freshMs = 3000;

export async function startFleet(set: ReplicaSite, platform: EmbeddedPlatform): Promise<Fleet> {
  let kills = 0;
  /** One at a time: what is new below the platform is its enclave. */
  const begin = async (name: string): Promise<ReplicaLife> => {
    const before = new Set(descendants(platform.processId));
    const replica = await within(`${name} is started`, startsWithinMs, startReplica(set, name));
    const enclave = descendants(platform.processId).filter((id) => !before.has(id));
    return { replica, enclave: enclave.at(-1) ?? 0, beganMs: performance.now(), isEnding: false };
  };
  const steady = await begin('steady');
  let second = await begin('second');
  const lives = (): readonly ReplicaLife[] => [steady, second].filter(({ isEnding }) => !isEnding);
  return {
    get lives() {
      return lives();
    },
    steady,
    get kills() {
      return kills;
    },
    isFresh: (atMs) => atMs < second.beganMs + freshMs,
    async killSecond() {
      const { replica, enclave } = second;
      second.isEnding = true;
      kills += 1;
      await within('a killed host is gone', endsWithinMs, replica.kill());
      await until('the enclave of a killed host ends', () => !isRunning(enclave), endsWithinMs);
      second = await begin(`second-${kills}`);
    },
    async close() {
      for (const life of lives()) {
        life.isEnding = true;
        const { code, stderr } = await within('a replica ends in order', endsWithinMs, life.replica.stop());
        if (code !== 0) throw new Error(`A replica ended with ${code}: ${stderr.slice(-500)}`);
        await until('the enclave of a replica ends', () => !isRunning(life.enclave), endsWithinMs);
      }
    },
  };
}
