import { once } from 'node:events';
import { noRates, startTestService } from '@enclos/process-kit';
import { connectSoftwarePlatform } from '@enclos/tee';
import { join } from 'node:path';
import { readSigned } from '../harness/signed-folder.ts';

/** A host of the attestation service alone. Arguments: a folder with image and signature, the platform's socket, the port. */
const [folder = '', socketPath = '', port = ''] = process.argv.slice(2);
const launcher = await connectSoftwarePlatform(socketPath);
const { running, certificate } = await startTestService({
  signed: await readSigned(folder),
  launcher,
  folder: join(folder, 'service'),
  port: Number(port),
  // What is measured is the service, and not how it turns clients away.
  change: (made) => ({ ...made, limits: noRates }),
});
process.stdout.write(`${JSON.stringify({ port: running.address.port, ca: certificate })}\n`);
await once(process.stdin.resume(), 'end');
await running.stop();
await launcher.close();
process.exit();
