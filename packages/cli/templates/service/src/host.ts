import { createServer, type IncomingMessage } from 'node:http';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment, loadEnclave } from '@enclos/host';
import { failureBody } from '@enclos/host/report';
import { app } from './greeter-app.edl.ts';

const environment = await fromEnvironment();
const { launcher, listenAddress } = environment;
const enclave = await loadEnclave({
  ...environment,
  interface: app,
  untrusted: {},
  onLog: (_level, text) => console.error(`enclave: ${text}`),
});

/** Plain HTTP on purpose: the enclave signs its answers and proves its identity. */
const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    (error: unknown) => {
      response.statusCode = statusOf(error);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(failureBody(error)));
    },
  );
});

/** The enclave is lost, or the platform has no endorsements: the client can do nothing about it. */
function statusOf(error: unknown): number {
  if (!isEnclosError(error)) return 400;
  return ['lost', 'transient'].includes(error.kind) || error.code === 'ENDORSEMENTS_ELSEWHERE' ? 503 : 400;
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  // Ready as soon as it answers: it listens once the enclave runs, and ends with it.
  if (url.pathname === '/healthz') return { ok: true };
  if (url.pathname === '/evidence') {
    const nonce = new Uint8Array(Buffer.from(url.searchParams.get('nonce') ?? '', 'hex'));
    const { quote, publicKey } = await enclave.call.evidence({ nonce });
    return { quote: hex(quote), publicKey: hex(publicKey), endorsements: await launcher.endorsements() };
  }
  if (url.pathname === '/sign' && request.method === 'POST') {
    return { signature: hex(await enclave.call.sign({ statement: await bodyOf(request) })) };
  }
  throw new Error('There is no such page.');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part as Uint8Array);
    sizeBytes += bytes.length;
    if (sizeBytes > 4096) throw new Error('The statement is too long.');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await enclave.dispose();
}

process.once('SIGINT', () => void stop());
process.once('SIGTERM', () => void stop());
// A service without its enclave answers nothing: what keeps it running starts it again.
void enclave.exited.then(async ({ detail }) => {
  if (server.listening) {
    console.error(detail);
    process.exitCode = 1;
  }
  server.close();
  server.closeAllConnections();
  await launcher.close();
});

// This machine only, unless ENCLOS_LISTEN_ADDRESS says otherwise, as in a pod.
server.listen(Number(process.env['PORT'] ?? 8080), listenAddress, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') return;
  console.log(`http://${address.address}:${address.port}, enclave ${hex(enclave.identity.mrEnclave)}`);
});
