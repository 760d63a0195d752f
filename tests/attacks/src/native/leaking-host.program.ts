import { readdirSync, readFileSync } from 'node:fs';
import { descendants, loadProbe, startMachine } from '@enclos/process-kit';

/**
 * A host that starts a platform and one enclave, prints the descriptors above 99 that each has, as JSON, and ends: `leaking-host.program.js IMAGE SIGNATURE STATE`. Whatever starts it has left some open.
 */
const [, , image = '', signature = '', stateFolder = ''] = process.argv;

function highDescriptors(processId: number): readonly number[] {
  const all = readdirSync(`/proc/${processId}/fd`).map(Number);
  return all.filter((descriptor) => descriptor >= 100).sort((a, b) => a - b);
}

const platform = await startMachine({ stateFolder });
const [imageBytes, signatureBytes] = [image, signature].map((path) => new Uint8Array(readFileSync(path)));
if (imageBytes === undefined || signatureBytes === undefined) throw new Error('An image and a signature.');
const enclave = await loadProbe(platform, { image: imageBytes, signature: signatureBytes });
process.stdout.write(
  JSON.stringify({
    isActive: enclave.isolation.some(({ name, active }) => name === 'descriptors' && active),
    own: highDescriptors(process.pid),
    platform: highDescriptors(platform.processId),
    enclave: descendants(platform.processId).map(highDescriptors),
  }),
);
await enclave.dispose();
await platform.close();
