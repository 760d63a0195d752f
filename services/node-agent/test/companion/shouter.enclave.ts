import { defineEnclave } from '@enclos/enclave';
import { callCompanion, openCompanions, type CompanionCalls } from '@enclos/enclave/companions';
import { engine } from './engine.edl.ts';
import { shouter } from './shouter.edl.ts';

type Engine = CompanionCalls<(typeof engine)['trusted']>;

let started = (_engine: Engine): void => undefined;
const first = new Promise<Engine>((resolve) => (started = resolve));

export const application = defineEnclave(
  shouter,
  { ask: async ({ text }) => (await first).call.shout({ text }) },
  {
    start() {
      openCompanions('engine', {
        started: (process) => started(callCompanion(process, engine)),
        ended: () => undefined,
      });
    },
  },
);
