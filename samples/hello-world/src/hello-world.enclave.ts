import { defineEnclave } from '@enclos/enclave';
import { helloWorld } from './hello-world.edl.ts';

export const application = defineEnclave(helloWorld, {
  async hello(_nothing, { host }) {
    await host.print({ text: 'Hello World!' });
    return 'Hello world from the enclave';
  },
});
