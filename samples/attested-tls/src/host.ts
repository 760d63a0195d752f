import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromEnvironment, loadEnclave } from '@enclos/host';
import { failureBody } from '@enclos/host/report';
import { attestedTls } from './attested-tls.edl.ts';

const port = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

const environment = await fromEnvironment();
const { launcher, listenAddress } = environment;
const enclave = await loadEnclave({
  ...environment,
  interface: attestedTls,
  untrusted: {},
  listen: { clients: { port: port('PORT', 12_341) } },
  onLog: (_level, text) => console.error(`enclave: ${text}`),
});

// The collateral with which clients verify evidence. It is signed, so any party may serve it, even the server's host.
const collateral = createServer((request, response) => {
  if (request.url === '/healthz') return void response.end('ok\n');
  if (request.url !== '/collateral') return void response.writeHead(404).end();
  launcher.endorsements().then(
    (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    (error: unknown) =>
      response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(failureBody(error))),
  );
}).listen(port('COLLATERAL_PORT', 12_342), listenAddress);
await once(collateral, 'listening');

let isStopping = false;
async function stop(): Promise<void> {
  isStopping = true;
  await enclave.dispose();
}
process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());

// A service without its enclave cannot answer, so it exits: its service manager starts it again.
void enclave.exited.then(async ({ detail }) => {
  if (!isStopping) {
    console.error(detail);
    process.exitCode = 1;
  }
  collateral.close();
  collateral.closeAllConnections();
  await launcher.close();
});

const { host, port: listening } = enclave.listeners['clients'] ?? {};
console.log(`${host}:${listening}, enclave ${Buffer.from(enclave.identity.mrEnclave).toString('hex')}`);
console.log(`collateral at port ${(collateral.address() as AddressInfo).port}`);
