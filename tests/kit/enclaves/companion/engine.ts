import { defineCompanion, serveCompanion } from '@enclos/enclave/companion';
import { engine } from './engine.edl.ts';

export const companion = defineCompanion(({ channel, readFile }) => {
  const words = new TextDecoder().decode(readFile('words.txt')).trim();
  void serveCompanion(channel, engine, {
    shout: ({ text }) => `${words}: ${text.toUpperCase()}`,
    fail: () => {
      throw new Error('the companion says why');
    },
    crash: () => {
      // Nothing catches it, so the process ends.
      setTimeout(() => {
        throw new Error('the end of a companion');
      });
      return new Promise<void>(() => undefined);
    },
  });
});
