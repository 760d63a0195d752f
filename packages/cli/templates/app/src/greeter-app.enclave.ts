import { defineEnclave, log } from '@enclos/enclave';
import { app } from './greeter-app.edl.ts';

/** Lives in the enclave: no other process can read or change it. */
let count = 0;

export const application = defineEnclave(app, {
  async greet({ name }, { host }) {
    count += 1;
    log.info(`greeting number ${count}`);
    return { greeting: `Good ${await host.timeOfDay()}, ${name}.`, count };
  },
});
