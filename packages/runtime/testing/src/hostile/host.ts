import { maxArgumentBytes, type Interface } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import type { Launcher } from '@enclos/tee';
import type { Behaviour } from './answer.ts';
import { together } from './behaviours.ts';
import { seededNumbers } from './random.ts';
import { Relay } from './relay.ts';

export interface HostileHostOptions {
  /** The interface of the enclave. */
  readonly interface: Interface;
  /** Repeats what the host does. Default: 1. */
  readonly seed?: number;
  /** What it does with its answers, one after another. */
  readonly answers?: readonly Behaviour[];
}

export interface FloodOptions {
  /** How many calls. */
  readonly calls: number;
  /** The longest arguments in bytes; never longer than the function allows, which would end the enclave. Default: 1024. */
  readonly maxBytes?: number;
}

/** A host that does what it can against its enclave: the one that the tests of an enclave have to survive. */
export interface HostileHost {
  /** How many answers it has changed, held back for ever or replaced. */
  readonly lies: number;
  /** For `loadEnclave` and `startEnclave`: a launcher whose enclaves have this host. */
  through<L extends Launcher>(launcher: L): L;
  /**
   * Calls trusted functions at random, with random bytes, all at the same time.
   * @returns how many calls ended in what way: `result`, the code of an error, or `lost` when the enclave ended.
   * @throws TESTING_NO_ENCLAVE before an enclave is loaded through it.
   */
  flood(options: FloodOptions): Promise<Readonly<Record<string, number>>>;
}

/**
 * Makes a hostile host. The code of the host stays as it is, with its typed functions; its answers are changed on their way, as
 * bytes, where a host that keeps no rules can say anything. So the test sees what its enclave makes of it.
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { defineInterface, func, option, bytes, uint32 } from '@enclos/edl';
 * import { startEnclave } from '@enclos/testing';
 * import { createHostileHost, on, replays, truncates } from '@enclos/testing/hostile';
 *
 * const sealed = bytes({ maxBytes: 4096 });
 * const ledger = defineInterface({
 *   name: 'ledger',
 *   trusted: { add: func({ amount: uint32() }, uint32()) },
 *   untrusted: { save: func({ sealed }), load: func({}, option(sealed)) },
 * });
 *
 * for (const behaviour of [replays(), truncates()]) {
 *   test('an answer of the host that is not the newest is refused', async () => {
 *     let kept: Uint8Array | undefined;
 *     const host = createHostileHost({ interface: ledger, seed: 7, answers: [on('load', behaviour)] });
 *     const enclave = await startEnclave(ledger, {
 *       untrusted: { save: ({ sealed }) => void (kept = sealed), load: () => kept },
 *       host,
 *     });
 *     await enclave.call.add({ amount: 1 }).catch(() => undefined);
 *     await assert.rejects(enclave.call.add({ amount: 1 }));
 *     assert.ok(host.lies > 0);
 *   });
 * }
 * ```
 */
export function createHostileHost({ interface: definition, seed = 1, answers = [] }: HostileHostOptions): HostileHost {
  const random = seededNumbers(seed);
  const behaviour = together(answers);
  let relay: Relay | undefined;
  let lies = 0;
  return Object.freeze({
    get lies() {
      return lies;
    },
    through<L extends Launcher>(launcher: L): L {
      return {
        ...launcher,
        async launch(request) {
          const launched = await launcher.launch(request);
          relay = new Relay({ gate: launched.gate, definition, behaviour, random, onLie: () => void (lies += 1) });
          return { ...launched, gate: relay.hostSide };
        },
      };
    },
    async flood({ calls, maxBytes = 1024 }: FloodOptions) {
      const through = relay;
      if (through === undefined) throw new EnclosError('TESTING_NO_ENCLAVE');
      const bounds = maxArgumentBytes(definition.trusted);
      const outcomes = await Promise.all(
        Array.from({ length: calls }, () => {
          const index = random(Math.max(1, bounds.length));
          const sizeBytes = random(Math.min(maxBytes, bounds[index] ?? 0) + 1);
          return through.call(
            index,
            Uint8Array.from({ length: sizeBytes }, () => random(256)),
          );
        }),
      );
      const counts: Record<string, number> = {};
      for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
      return counts;
    },
  });
}
