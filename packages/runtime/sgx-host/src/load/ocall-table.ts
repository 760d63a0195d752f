import {
  type ArenaMemory,
  type ArenaPatch,
  type BoundInterface,
  type OcallRequest,
  type OcallServer,
  serveOcalls,
} from '@enclos/edl-calls/host';
import { codeOf, type Watch, WatchedOperation } from '@enclos/host/life';
import type { CallContext } from '../abi/abi.ts';
import { isMissingMemory } from '../arena/snapshot.ts';
import { watchedCalls } from './watched-calls.ts';

export interface OcallTableOptions {
  readonly bound: BoundInterface;
  /** By name. */
  readonly handlers: object;
  /** Whether the runtime of the SDK serves an OCALL for which there is no handler. */
  readonly isSystemName: (name: string) => boolean;
  readonly watch: Watch | undefined;
}

/** Serves OCALLs by the handlers of the user, and has each observed. */
export class OcallTable {
  readonly #server: OcallServer;
  readonly #names: readonly string[];
  readonly #handled: readonly boolean[];
  readonly #ecalls: readonly string[];
  readonly #watch: Watch | undefined;
  /** Failures that observers have been told of. */
  readonly #told = new WeakSet<object>();

  /** @throws EDL_HANDLER_MISSING */
  constructor({ bound, handlers, isSystemName, watch }: OcallTableOptions) {
    this.#watch = watch;
    this.#ecalls = bound.model.ecalls.map(({ name }) => name);
    this.#names = bound.model.ocalls.map(({ name }) => name);
    this.#handled = this.#names.map((name) => name in handlers || !isSystemName(name));
    const elsewhere = this.#names.filter((_, i) => this.#handled[i] !== true);
    this.#server = serveOcalls(bound, handlers, new Set(elsewhere));
  }

  readonly handles = (ocall: number): boolean => this.#handled[ocall] === true;

  readonly serve = async (
    ocall: number,
    request: OcallRequest,
    { observed }: CallContext,
  ): Promise<readonly ArenaPatch[]> => {
    const watch = this.#watch;
    const name = this.#names[ocall];
    if (watch === undefined || name === undefined) return this.#server.ocall(ocall, request);
    const parent = observed instanceof WatchedOperation ? observed : undefined;
    let seen: WatchedOperation | undefined;
    const counted = countingMemory(request.memory);
    const run = <T>(handler: () => T): T => {
      // Only now: a request whose memory is not there yet is made again.
      const begun = watch.begin({ kind: 'untrusted', function: name }, parent);
      begun.argumentBytes = counted.readBytes();
      seen = begun;
      return begun.run(handler);
    };
    try {
      const calls = watchedCalls(request.calls, { watch, names: this.#ecalls, parent: () => seen ?? parent });
      const patches = await this.#server.ocall(ocall, { ...request, memory: counted, calls, run });
      if (seen !== undefined) seen.resultBytes = patches.reduce((sum, { bytes }) => sum + bytes.length, 0);
      seen?.end('OK');
      return patches;
    } catch (error) {
      if (isMissingMemory(error)) throw error;
      // Its values were refused.
      seen ??= watch.begin({ kind: 'untrusted', function: name }, parent);
      seen.end(codeOf(error, 'HOST_CALL_FAILED'));
      if (typeof error === 'object' && error !== null) this.#told.add(error);
      throw error;
    }
  };

  /** For failures of OCALLs that the runtime itself serves: tells of those that observers do not know. */
  readonly failed = (error: unknown): void => {
    if (typeof error === 'object' && error !== null && this.#told.has(error)) return;
    const code = codeOf(error, 'HOST_CALL_FAILED');
    this.#watch?.event('call-failed', 'warn', 'An OCALL of the SDK failed.', { code });
  };
}

/** Memory that counts what is read of it. */
function countingMemory(memory: ArenaMemory): ArenaMemory & { readonly readBytes: () => number } {
  let total = 0;
  return {
    readBytes: () => total,
    reach: (address) => memory.reach(address),
    read(address, bytes) {
      total += bytes;
      return memory.read(address, bytes);
    },
  };
}
