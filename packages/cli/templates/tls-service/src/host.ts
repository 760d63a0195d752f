import { fromEnvironment, loadEnclave } from '@enclos/host';
import { app } from './greeter-app.edl.ts';

const environment = await fromEnvironment();
const { launcher } = environment;
const enclave = await loadEnclave({
  ...environment,
  interface: app,
  untrusted: { endorsements: () => launcher.endorsements() },
  onLog: (_level, text) => console.error(`enclave: ${text}`),
  // Accepts connections for the enclave; their bytes are ciphertext. On this machine only, unless ENCLOS_LISTEN_ADDRESS says otherwise, as in a pod.
  listen: { clients: { port: Number(process.env['PORT'] ?? 8443) } },
});

let isStopping = false;
async function stop(): Promise<void> {
  isStopping = true;
  await enclave.dispose();
}
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());

// A service without its enclave answers nothing: what keeps it running starts it again.
void enclave.exited.then(async ({ detail }) => {
  if (!isStopping) {
    console.error(detail);
    process.exitCode = 1;
  }
  await launcher.close();
});

const { host, port } = enclave.listeners['clients'] ?? {};
console.log(`${host}:${port}, enclave ${Buffer.from(enclave.identity.mrEnclave).toString('hex')}`);
