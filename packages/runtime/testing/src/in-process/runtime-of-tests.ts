import { AsyncLocalStorage } from 'node:async_hooks';
import { installEnvironment, installRuntime, type EnclaveRuntime } from '@enclos/enclave/for-testing';
import { EnclosError } from '@enclos/errors';

/**
 * The SDK keeps one runtime, because a process holds one enclave. Here a process holds several: the one runtime asks which of
 * them the present code belongs to.
 */
const current = new AsyncLocalStorage<EnclaveRuntime>();

/** @throws ENCLAVE_NOT_BOOTED outside of every enclave */
function present(): EnclaveRuntime {
  const found = current.getStore();
  if (found === undefined) throw new EnclosError('ENCLAVE_NOT_BOOTED');
  return found;
}

class PresentEnvironment extends Map<string, string> {
  override get(name: string): string | undefined {
    return present().manifest.environment.find((variable) => variable.name === name)?.value;
  }
}

let isInstalled = false;

/** Makes the functions of `@enclos/enclave` work in this process, inside {@link runIn}. */
export function installPresentRuntime(): void {
  if (isInstalled) return;
  isInstalled = true;
  installRuntime({
    get manifest() {
      return present().manifest;
    },
    get attester() {
      return present().attester;
    },
    get files() {
      return present().files;
    },
    get system() {
      return present().system;
    },
    get sendStream() {
      return present().sendStream;
    },
    log: (level, text) => present().log(level, text),
  });
  installEnvironment(new PresentEnvironment());
}

/** Runs code as that of one enclave, with everything that it starts. */
export function runIn<R>(runtime: EnclaveRuntime, work: () => R): R {
  return current.run(runtime, work);
}
