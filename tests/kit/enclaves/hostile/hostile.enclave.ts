import { defineEnclave } from '@enclos/enclave';
import { codeAttempts } from './attempts/code.ts';
import { graphAttempts } from './attempts/graph.ts';
import { hookAttempts } from './attempts/hooks.ts';
import { intrinsicAttempts } from './attempts/intrinsics.ts';
import { machineAttempts } from './attempts/machine.ts';
import { memoryAttempts } from './attempts/memory.ts';
import { nativeAttempts } from './attempts/natives.ts';
import { networkAttempts } from './attempts/network.ts';
import { processAttempts } from './attempts/process.ts';
import { socketAttempts } from './attempts/sockets.ts';
import { tlsAttempts } from './attempts/tls.ts';
import { transferAttempts } from './attempts/transfer.ts';
import { hostile } from './hostile.edl.ts';
import { needs } from './needs.ts';
import { objectOf, requireOf, type Attempt, type Attempts } from './stolen.ts';

const attempts: Attempts = {
  ...codeAttempts,
  ...processAttempts,
  ...socketAttempts,
  ...tlsAttempts,
  ...networkAttempts,
  ...hookAttempts,
  ...graphAttempts,
  ...machineAttempts,
  ...transferAttempts,
  ...nativeAttempts,
  ...intrinsicAttempts,
  ...memoryAttempts,
};

/** For a person who reads why a test failed. */
function describe(got: unknown): string {
  return typeof got === 'string' ? got : `${typeof got} ${Reflect.ownKeys(objectOf(got)).map(String).join(' ')}`;
}

async function outcome(attempt: Attempt | undefined): Promise<{ succeeded: boolean; detail: string }> {
  try {
    const got = await attempt?.();
    return {
      succeeded: got !== undefined,
      detail: got === undefined ? 'nothing is there' : describe(got).slice(0, 1000),
    };
  } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { succeeded: false, detail: text.slice(0, 1000) };
  }
}

export const application = defineEnclave(hostile, {
  attempts: () => Object.keys(attempts),
  attempt: ({ name }) => outcome(attempts[name]),
  requireModule: ({ name }) => outcome(() => Object.keys(requireOf(name)).length),
  needs: () => Object.keys(needs),
  need: ({ name }) => outcome(needs[name]),
});
