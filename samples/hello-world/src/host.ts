import { fromEnvironment, loadEnclave } from '@enclos/host';
import { helloWorld } from './hello-world.edl.ts';

const environment = await fromEnvironment();
try {
  const enclave = await loadEnclave({
    ...environment,
    interface: helloWorld,
    untrusted: { print: ({ text }) => console.log(`Enclave called into host to print: ${text}`) },
  });
  console.log(await enclave.call.hello());
  await enclave.dispose();
} finally {
  await environment.launcher.close();
}
