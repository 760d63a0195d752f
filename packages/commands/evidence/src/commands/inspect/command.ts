import { defineCommand } from '@enclos/cli-frame';
import { renderTree } from '@enclos/cli-frame/output';
import { inspect } from './inspect.ts';
import { limitIn, limitOption } from '@enclos/cli-frame/options';

export const command = defineCommand({
  description: [
    'Recognises the file by its content and shows what it says as a tree.',
    'For an image, that includes the trusted base: the packages in the bundle with their bytes and source lines, the interpreter, native addons, and the system libraries that are not measured.',
    'For an enclave file of Intel’s SGX SDK or Open Enclave, it measures the pages, shows layout and SIGSTRUCT and whether these belong together, and says whether the file was built for simulation.',
    'Inspecting verifies nothing; `enclos verify` does.',
  ],
  arguments: {
    file: {
      value: 'FILE',
      summary: 'An image, SIGSTRUCT, enclave file of another SDK, quote, sealed blob or signing key',
      required: true,
    },
  },
  options: { limit: limitOption },
  examples: [
    { command: 'enclos inspect .enclos/vault.sgxs', summary: 'Show an image and its trusted base' },
    { command: 'enclos inspect vault.sig --json', summary: 'Read a signature from a script' },
  ],
  exitCodes: { 3: 'The file begins like a signature, a quote or an enclave file, but is damaged.' },
  run({ arguments: { file }, options: { limit } }, { path, progress }) {
    const maxHashedBytes = limitIn(limit);
    return progress.during('reading', (onProgress) => inspect(path(file), { onProgress, maxHashedBytes }));
  },
  human: ({ title, nodes }, printer) => renderTree(title, nodes, printer),
  json: (report) => report,
});
