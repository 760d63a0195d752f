import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEnclave } from '@enclos/host';
import { connectSoftwarePlatform } from '@enclos/tee';
import { attestationPeer } from '../attestation-peer/attestation-peer.edl.ts';

/** A host of the peer alone. Arguments: a folder with image, signature and claims; the platform's socket. */
const [folder = '', socketPath = ''] = process.argv.slice(2);
const launcher = await connectSoftwarePlatform(socketPath);
const enclave = await loadEnclave({
  image: new Uint8Array(readFileSync(join(folder, 'image'))),
  signature: new Uint8Array(readFileSync(join(folder, 'signature'))),
  interface: attestationPeer,
  untrusted: {},
  launcher,
  isolation: 'best',
  listen: { https: { host: '127.0.0.1', port: 0 } },
});
const ca = await enclave.call.serve({ claims: readFileSync(join(folder, 'claims'), 'utf8') });
process.stdout.write(`${JSON.stringify({ port: enclave.listeners['https']?.port, ca })}\n`);
await once(process.stdin.resume(), 'end');
await enclave.dispose();
await launcher.close();
process.exit();
