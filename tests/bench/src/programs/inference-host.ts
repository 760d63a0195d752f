import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inference } from '@enclos/inference-service/edl';
import { loadEnclave } from '@enclos/host';
import { startPlatform } from '@enclos/software-sgx';
import { loads } from '../inference/models.ts';

/**
 * A host of the inference service alone. Its arguments are a folder with `image` and `signature`, and the folder of the files of its
 * companions. It says its ports in a line, and ends with its standard input.
 */
const [folder = '', companionFiles = ''] = process.argv.slice(2);
const launcher = await startPlatform({ stateFolder: join(folder, 'platform') });
const models = new Map(loads().map(({ model, bytes }) => [model, bytes]));
const enclave = await loadEnclave({
  image: await readFile(join(folder, 'image')),
  signature: await readFile(join(folder, 'signature')),
  companionFiles,
  launcher,
  interface: inference,
  untrusted: {
    modelPart: ({ name, offset, sizeBytes }) => {
      const at = Number(offset);
      return (models.get(name) ?? new Uint8Array()).subarray(at, at + sizeBytes);
    },
    endorsements: () => launcher.endorsements(),
    replicas: () => 0,
    catalogue: () => '',
    // Nothing of this service outlives it.
    storeRead: () => undefined,
    storeWrite: () => false,
  },
  isolation: 'best',
  listen: { https: { port: 0 }, http: { port: 0 } },
});
await enclave.call.serve({});
const portOf = (name: string): number => enclave.listeners[name]?.port ?? 0;
process.stdout.write(`${JSON.stringify({ http: portOf('http'), https: portOf('https') })}\n`);
await once(process.stdin.resume(), 'end');
await enclave.dispose();
await launcher.close();
