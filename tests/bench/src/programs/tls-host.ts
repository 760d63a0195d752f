import { once } from 'node:events';
import { join } from 'node:path';
import { loadTlsEcho } from '@enclos/sample-tls-echo';
import { startPlatform } from '@enclos/software-sgx';
import { readSigned } from '../harness/signed-folder.ts';

/** A host of tls-echo alone. Its argument is a folder with image and signature; it ends with its standard input. */
const folder = process.argv[2] ?? '';
const platform = await startPlatform({ stateFolder: join(folder, 'platform') });
const enclave = await loadTlsEcho({
  ...(await readSigned(folder)),
  launcher: platform,
  echo: { port: 0 },
});
const { host = '', port = 0 } = enclave.listeners['echo'] ?? {};
const { certificate } = await enclave.call.evidence({ nonce: new Uint8Array(32) });
process.stdout.write(`${JSON.stringify({ address: { host, port }, certificate })}\n`);
await once(process.stdin.resume(), 'end');
await enclave.dispose();
await platform.close();
