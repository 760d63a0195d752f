import { defineCompanion, serveCompanion } from '@enclos/enclave/companion';
import { engine } from './engine.edl.ts';

export const companion = defineCompanion(({ channel, readFile }) => {
  const words = new TextDecoder().decode(readFile('words.txt')).trim();
  void serveCompanion(channel, engine, { shout: ({ text }) => `${words}: ${text.toUpperCase()}` });
});
