import { EnclosError } from '@enclos/errors';

import type { MemoryBudget } from './budget.ts';
import { Instance, type InstanceHost } from './instance.ts';
import type { WasmModule } from './webassembly.ts';

/**
 * Instances at most, with those that are not collected yet. V8 sets 8 GiB of addresses or more apart for the memory of each, and each
 * new one may make it collect garbage, in the middle of a call.
 */
const MAX_INSTANCES = 64;
/** So many may be left to the collector before it has taken the first of them, with this share of all memory. */
const MAX_LEFT = 8;
const MAX_LEFT_SHARE = 0.25;
const MAX_IDLE = 16;
const MAX_IDLE_BYTES = 8 << 20;

/** What is not collected yet. */
interface Share {
  readonly bytes: number;
}

/**
 * The instances of an engine. What an interpreter no longer needs serves the next one. Only what has grown large is left to the
 * collector, since no memory ever shrinks, and it counts until it is collected.
 */
export class InstancePool {
  readonly #module: WasmModule;
  readonly #budget: MemoryBudget;
  readonly #idle: Instance[] = [];
  readonly #collected: FinalizationRegistry<Share>;
  #blank = new Uint8Array();
  #instances = 0;
  #left = 0;
  #leftBytes = 0;

  constructor(module: WasmModule, budget: MemoryBudget) {
    this.#module = module;
    this.#budget = budget;
    this.#collected = new FinalizationRegistry((share) => {
      budget.release(share);
      this.#instances -= 1;
      this.#left -= 1;
      this.#leftBytes -= share.bytes;
    });
  }

  /** Those in use, those that wait for use, and those that are not collected yet. */
  get instances(): number {
    return this.#instances;
  }

  /**
   * An instance with nothing in its memory but what is there at first.
   * @throws EnclosError SCRIPT_MEMORY_EXHAUSTED there are as many as may be
   */
  take(host: InstanceHost): Instance {
    const instance = this.#idle.pop();
    if (instance === undefined) return this.#make(host);
    this.#budget.release(instance);
    instance.serve(host);
    instance.put(this.#blank);
    return instance;
  }

  /** Takes an instance back. Nothing of what was in its memory stays there. */
  give(instance: Instance): void {
    const isSmall = instance.memoryBytes <= MAX_IDLE_BYTES;
    if ((!isSmall || this.#idle.length >= MAX_IDLE) && this.#mayLeave(instance)) {
      this.#leave(instance);
      return;
    }
    instance.wipe();
    this.#budget.keep(instance, instance.memoryBytes);
    // The last is taken first.
    if (isSmall) this.#idle.push(instance);
    else this.#idle.unshift(instance);
  }

  /**
   * An instance with an empty memory of so many bytes at least in the place of one that has grown; undefined when too much is not
   * collected yet, or the machine has no memory or addresses for it: the one that has grown still serves then.
   */
  exchange(grown: Instance, host: InstanceHost, bytes: number): Instance | undefined {
    const mayMake = this.#idle.length > 0 || this.#instances < MAX_INSTANCES;
    if (!mayMake || !this.#mayLeave(grown)) return undefined;
    let instance: Instance | undefined;
    try {
      instance = this.take(host);
      instance.growTo(bytes);
    } catch {
      if (instance !== undefined) this.give(instance);
      return undefined;
    }
    instance.wipe();
    this.#leave(grown);
    return instance;
  }

  #make(host: InstanceHost): Instance {
    if (this.#instances >= MAX_INSTANCES) {
      throw new EnclosError('SCRIPT_MEMORY_EXHAUSTED', `There are ${MAX_INSTANCES} interpreters already.`);
    }
    const instance = new Instance(this.#module, host);
    this.#instances += 1;
    if (this.#blank.length === 0) this.#blank = instance.image();
    return instance;
  }

  #mayLeave({ memoryBytes }: Instance): boolean {
    return this.#left < MAX_LEFT && this.#leftBytes + memoryBytes <= this.#budget.maxBytes * MAX_LEFT_SHARE;
  }

  #leave(instance: Instance): void {
    // It may be long until it is collected, and it holds what requests brought.
    instance.wipe();
    const share = { bytes: instance.memoryBytes };
    this.#left += 1;
    this.#leftBytes += share.bytes;
    this.#budget.keep(share, share.bytes);
    this.#collected.register(instance.exports.memory, share);
  }
}
