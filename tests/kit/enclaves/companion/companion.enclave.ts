import { defineEnclave } from '@enclos/enclave';
import { callCompanion, openCompanions, type CompanionCalls } from '@enclos/enclave/companions';
import { companion } from './companion.edl.ts';
import { engine } from './engine.edl.ts';

type Engine = CompanionCalls<(typeof engine)['trusted']>;

const engines = new Map<number, Engine>();
let changed = (): void => undefined;

/** Waits until so many run. @returns one of them */
async function running(processes: number): Promise<Engine> {
  for (;;) {
    const [first] = engines.values();
    if (first !== undefined && engines.size >= processes) return first;
    await new Promise<void>((resolve) => (changed = resolve));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${'code' in error ? String(error.code) : error.name}: ${error.message}` : 'unknown';
}

async function failureOf(call: (found: Engine) => Promise<unknown>): Promise<string> {
  try {
    await call(await running(1));
    return 'no error';
  } catch (error) {
    return textOf(error);
  }
}

export const application = defineEnclave(
  companion,
  {
    async ready({ processes }) {
      await running(processes);
    },
    ask: async ({ text }) => (await running(1)).call.shout({ text }),
    fail: () => failureOf((found) => found.call.fail()),
    crash: () => failureOf((found) => found.call.crash()),
    undeclared() {
      try {
        openCompanions('another', { started: () => undefined, ended: () => undefined });
        return 'no error';
      } catch (error) {
        return textOf(error);
      }
    },
  },
  {
    start() {
      openCompanions('engine', {
        started(process) {
          engines.set(process.number, callCompanion(process, engine));
          changed();
        },
        ended: ({ number }) => void engines.delete(number),
      });
    },
  },
);
