import type { ModuleMemory } from './memory.ts';
import type { Runtime } from './runtime.ts';

/** Stands for the C++ exception that is being thrown, whose address is in `CppExceptions`. One object: making an error takes long. */
class CppException extends Error {
  override readonly name = 'CppException';
}
const thrown = new CppException('A C++ exception left the engine.');

/**
 * C++ exceptions as Emscripten 4 compiles them for engines without WebAssembly exceptions: a throw unwinds by an exception of JavaScript,
 * and each call that may throw goes through an `invoke` (emscripten, src/lib/libexceptions.js). Before each exception object stands a header:
 * its type at -20, whether it is caught at -12 and rethrown at -11, and the adjusted pointer at -8.
 */
export class CppExceptions {
  readonly #memory: ModuleMemory;
  readonly #runtime: () => Runtime;
  readonly #caught: number[] = [];
  #last = 0;
  #uncaught = 0;

  constructor(memory: ModuleMemory, runtime: () => Runtime) {
    this.#memory = memory;
    this.#runtime = runtime;
  }

  get uncaught(): number {
    return this.#uncaught;
  }

  throw(object: number, type: number, destructor: number): never {
    this.#memory.setUint32(object - 8, 0);
    this.#memory.setUint32(object - 20, type);
    this.#memory.setUint32(object - 16, destructor);
    this.#runtime().retainException(object);
    this.#last = object;
    this.#uncaught++;
    throw thrown;
  }

  rethrow(): never {
    const object = this.#caught.pop();
    if (object === undefined) throw new TypeError('The engine rethrew an exception that it does not have.');
    const { bytes } = this.#memory;
    if (bytes[object - 11] === 0) {
      this.#caught.push(object);
      bytes[object - 11] = 1;
      bytes[object - 12] = 0;
      this.#uncaught++;
    }
    this.#runtime().retainException(object);
    this.#last = object;
    throw thrown;
  }

  resume(object: number): never {
    this.#last ||= object;
    throw thrown;
  }

  beginCatch(object: number): number {
    const { bytes } = this.#memory;
    if (bytes[object - 12] === 0) {
      bytes[object - 12] = 1;
      this.#uncaught--;
    }
    bytes[object - 11] = 0;
    this.#caught.push(object);
    return this.#runtime().exceptionPointer(object);
  }

  endCatch(): void {
    this.#runtime().setThrew(0, 0);
    const object = this.#caught.pop();
    if (object !== undefined) this.#runtime().releaseException(object);
    this.#last = 0;
  }

  /** Which of the types catches the exception. It is 0 for a cleanup. */
  findCatch(...types: readonly number[]): number {
    const { setTempRet0, canCatch } = this.#runtime();
    const object = this.#last;
    if (object === 0) {
      setTempRet0(0);
      return 0;
    }
    this.#memory.setUint32(object - 8, object);
    const type = this.#memory.uint32(object - 20);
    if (type === 0) {
      setTempRet0(0);
      return object;
    }
    for (const candidate of types) {
      if (candidate === 0 || candidate === type) break;
      if (canCatch(candidate, type, object - 8) === 0) continue;
      setTempRet0(candidate);
      return object;
    }
    setTempRet0(type);
    return object;
  }

  /** After a call by `invoke` threw: what was thrown by C++ is noted for its caller, anything else goes on. */
  recover(stack: number, error: unknown): void {
    const { restoreStack, setThrew } = this.#runtime();
    restoreStack(stack);
    if (error !== thrown) throw error;
    setThrew(1, 0);
  }
}
