import { fromEnvironment, superviseEnclave } from '@enclos/host';
import { helloWorld } from './hello-world.edl.ts';

const environment = await fromEnvironment();
try {
  const enclave = await superviseEnclave({
    ...environment,
    interface: helloWorld,
    untrusted: { print: ({ text }) => console.log(`Enclave called into host to print: ${text}`) },
  });
  // Done again from its beginning if the enclave is lost meanwhile, as when the agent of a node is replaced.
  console.log(await enclave.repeat((call) => call.hello()));
  await enclave.dispose();
} finally {
  await environment.launcher.close();
}
