import { once } from 'node:events';
import { join } from 'node:path';
import { loadEnclave } from '@enclos/host';
import { startPlatform } from '@enclos/software-sgx';
import { httpsServer } from '../../https-server/https-server.edl.ts';
import { readSigned } from '../harness/signed-folder.ts';

/** A host of the HTTPS servers alone. Its argument is a folder with image and signature; it ends with its standard input. */
const folder = process.argv[2] ?? '';
const launcher = await startPlatform({ stateFolder: join(folder, 'platform') });
const enclave = await loadEnclave({
  ...(await readSigned(folder)),
  launcher,
  interface: httpsServer,
  untrusted: {},
  isolation: 'best',
  listen: { service: { port: 0 }, http: { port: 0 } },
});
const portOf = (name: string): number => enclave.listeners[name]?.port ?? 0;
const ca = await enclave.call.certificate();
process.stdout.write(`${JSON.stringify({ ca, service: portOf('service'), http: portOf('http') })}\n`);
await once(process.stdin.resume(), 'end');
await enclave.dispose();
await launcher.close();
