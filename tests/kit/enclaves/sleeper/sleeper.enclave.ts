import { defineEnclave, environmentVariable, seal } from '@enclos/enclave';
import { sleeper } from './sleeper.edl.ts';

const never = new Promise<never>(() => undefined);
const kept: unknown[] = [];

const ends = {
  exception: () =>
    void setTimeout(() => {
      throw new Error('an exception that nobody catches');
    }),
  rejection: () => void Promise.reject(new Error('a rejection that nobody handles')),
  heap: () => {
    for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })));
  },
  buffers: () => {
    for (;;) kept.push(new Uint8Array(16 * 1024 * 1024).fill(1));
  },
  // A debug enclave's error output, of characters that take several bytes.
  noise: () =>
    void setTimeout(() => {
      throw new Error('\u00e4\u{1f642}\ud83d'.repeat(8000));
    }),
} as const;

export const application = defineEnclave(
  sleeper,
  {
    echo: ({ text }) => text,
    async wait(_, { host }) {
      await host.doing({ what: 'wait' });
      await never;
    },
    ask: (_, { host }) => host.answer(),
    async spin(_, { host }) {
      await host.doing({ what: 'spin' });
      for (;;);
    },
    async sealForever({ secret }, { host }) {
      kept.push(secret, new TextDecoder().decode(secret));
      for (;;) await host.store({ sealed: await seal(secret, { policy: 'enclave' }) });
    },
    async end({ how }) {
      ends[how]();
      await never;
    },
  },
  {
    async start({ host }) {
      const how = environmentVariable('START');
      if (how === undefined) return;
      // Ends by itself a moment after it has started.
      if (how === 'crash') return ends.exception();
      await host.doing({ what: 'start' });
      if (how === 'spin') for (;;);
      await never;
    },
  },
);
