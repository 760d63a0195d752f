import type { RuntimeOptions } from '../bundle/rows.ts';
import type { ScriptRole } from '../session/role.ts';
import type { CcfInterpreter } from '../ccf/program.ts';

/** So many with keys are kept, whatever an application asks for, and so much heap may they have together: engines have more of both. */
const mostKept = 32;
const mostKeptBytes = 2 ** 30;

/**
 * The interpreters of one version of an application. A request without a key gets one that is as new; requests with equal keys
 * share one, and what its globals hold (CCF, src/js/interpreter_cache.h).
 */
export class InterpreterPool {
  readonly #load: (role: ScriptRole) => CcfInterpreter;
  readonly #maximum: number;
  readonly #fresh = new Map<ScriptRole, CcfInterpreter>();
  /** The one used last is the last. */
  readonly #reused = new Map<string, CcfInterpreter>();

  /** How many with keys are kept is `max_cached_interpreters`, as long as governance and requests without a key find room beside them. */
  constructor(
    load: (role: ScriptRole) => CcfInterpreter,
    { maxCachedInterpreters, maxHeapBytes }: Pick<RuntimeOptions, 'maxCachedInterpreters' | 'maxHeapBytes'>,
  ) {
    this.#load = load;
    this.#maximum = Math.max(1, Math.min(maxCachedInterpreters, mostKept, Math.floor(mostKeptBytes / maxHeapBytes)));
  }

  /**
   * Runs with an interpreter for this role and key.
   * @param run says whether the interpreter is fit for another call.
   */
  use(role: ScriptRole, key: string | undefined, run: (interpreter: CcfInterpreter) => boolean): void {
    const interpreter = key === undefined ? this.#freshFor(role) : this.#reusedFor(role, key);
    let isFit = false;
    try {
      isFit = run(interpreter);
    } finally {
      // At once, so that nothing of this request is in memory while the next one is awaited.
      if (key === undefined || !isFit) interpreter.reset();
    }
  }

  dispose(): void {
    for (const interpreter of [...this.#fresh.values(), ...this.#reused.values()]) interpreter.dispose();
    this.#fresh.clear();
    this.#reused.clear();
  }

  #freshFor(role: ScriptRole): CcfInterpreter {
    const found = this.#fresh.get(role) ?? this.#load(role);
    this.#fresh.set(role, found);
    return found;
  }

  #reusedFor(role: ScriptRole, key: string): CcfInterpreter {
    // A script that only reads must not find what one that writes left, as in CCF.
    const name = `${key} (${role === 'readwrite' ? 'rw' : 'ro'})`;
    const found = this.#reused.get(name);
    if (found === undefined && this.#reused.size >= this.#maximum) this.#dropOldest();
    const interpreter = found ?? this.#load(role);
    this.#reused.delete(name);
    this.#reused.set(name, interpreter);
    return interpreter;
  }

  #dropOldest(): void {
    const [oldest = ''] = this.#reused.keys();
    this.#reused.get(oldest)?.dispose();
    this.#reused.delete(oldest);
  }
}
