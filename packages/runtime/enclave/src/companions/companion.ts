import './errors.ts';
import type { Duplex } from 'node:stream';
export { callCompanion, serveCompanion, type CompanionCallOptions, type CompanionCalls } from './calls.ts';

/** What a companion has: its enclave, its declared files, and nothing else. */
export interface CompanionContext {
  /** The channel to the enclave: give it to `serveCompanion`. */
  readonly channel: Duplex;
  /** The declared files, in the order of enclave.json. */
  readonly files: readonly CompanionFileFacts[];
  /** Reads a declared file. @throws COMPANION_NOT_DECLARED */
  readonly readFile: (path: string) => Uint8Array;
  /**
   * Loads a declared file as a native addon of Node, with the libraries that it names: those among the declared files, and those of the
   * system that the platform found for it.
   * @returns its exports
   * @throws COMPANION_NOT_DECLARED for another name, and without `addons` in enclave.json; the error of dlopen(3)
   */
  readonly loadAddon: (path: string) => unknown;
}

export interface CompanionFileFacts {
  readonly path: string;
  readonly sizeBytes: number;
}

const brand = Symbol.for('enclos.companion');

/** The code of a companion. Made by {@link defineCompanion}. */
export interface Companion {
  readonly [brand]: true;
  readonly start: (context: CompanionContext) => void | Promise<void>;
}

/**
 * Defines what runs in the processes of a companion. Export the result from the module that enclave.json names.
 * @param start runs once in each process. A throw ends the process; so does the end of the channel.
 * @example
 * ```ts
 * import { defineInterface, func, string } from '@enclos/edl';
 * import { defineCompanion, serveCompanion } from '@enclos/enclave/companion';
 *
 * const engine = defineInterface({
 *   name: 'engine',
 *   trusted: { describe: func({}, string({ maxBytes: 64 })) },
 *   untrusted: {},
 * });
 *
 * export const companion = defineCompanion(({ channel, loadAddon }) => {
 *   const addon = loadAddon('engine.node');
 *   void serveCompanion(channel, engine, { describe: () => typeof addon });
 * });
 * ```
 */
export function defineCompanion(start: Companion['start']): Companion {
  return Object.freeze({ start, [brand]: true as const });
}

export function isCompanion(value: unknown): value is Companion {
  return typeof value === 'object' && value !== null && brand in value;
}
