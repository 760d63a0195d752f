import { fromEnvironment, loadEnclave } from '@enclos/host';
import { app } from './greeter-app.edl.ts';

const environment = await fromEnvironment();
const enclave = await loadEnclave({
  ...environment,
  interface: app,
  untrusted: {
    timeOfDay() {
      const hour = new Date().getHours();
      return hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening';
    },
  },
  onLog: (_level, text) => console.error(`enclave: ${text}`),
});

try {
  for (const name of process.argv.length > 2 ? process.argv.slice(2) : ['Ada', 'Grace']) {
    const { greeting, count } = await enclave.call.greet({ name });
    console.log(`${greeting} (greeting ${count})`);
  }
} finally {
  await enclave.dispose();
  await environment.launcher.close();
}
