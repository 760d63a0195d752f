import { isEnclosError } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { loadSubject, type Subject } from '../load-subject.ts';
import { descendants } from '@enclos/process-kit';
import { kill } from '../processes.ts';
import type { BuiltLane } from '../workplace.ts';

/** One life of an enclave. */
export interface Life {
  readonly number: number;
  readonly enclave: Subject;
  /** Innermost: the interpreter. */
  readonly processId: number;
  /** Somebody ends it on purpose: its calls may be lost from now on. */
  ending: boolean;
}

/** An enclave that is loaded again whenever it ends. */
export interface Supervised {
  /** The present life; waits while there is none. */
  current(): Promise<Life>;
  readonly lives: number;
  /** Ends the present life, by kill -9 or in order, and resolves when its successor lives. */
  end(how: 'kill' | 'dispose'): Promise<void>;
  /** Ends the enclave for good. */
  close(): Promise<void>;
}

export function supervise(lane: BuiltLane, platform: EmbeddedPlatform, died: (reason: string) => void): Supervised {
  let lives = 0;
  let closed = false;

  const begin = async (): Promise<Life> => {
    const enclave = await loadSubject(lane, platform);
    const life: Life = {
      number: (lives += 1),
      enclave,
      processId: descendants(platform.processId).at(-1) ?? 0,
      ending: false,
    };
    void enclave.exited.then((exit) => {
      if (!life.ending) died(exit.detail);
      life.ending = true;
      if (!closed) present = begin();
    });
    return life;
  };
  let present = begin();

  const end = async (how: 'kill' | 'dispose'): Promise<void> => {
    const life = await present;
    life.ending = true;
    if (how === 'kill' && !kill(life.processId)) throw new Error('There was no enclave to kill.');
    await (how === 'kill' ? life.enclave.exited : life.enclave.dispose());
    if (!closed) await present;
  };

  return {
    async current() {
      const life = await present;
      // Its successor begins as soon as its end is known.
      if (life.ending && !closed) await life.enclave.exited;
      return present;
    },
    get lives() {
      return lives;
    },
    end,
    async close() {
      closed = true;
      await end('dispose');
    },
  };
}

/** What every call of an enclave that ended rejects with. */
export function isLost(error: unknown): boolean {
  return isEnclosError(error, 'ENCLAVE_LOST');
}
