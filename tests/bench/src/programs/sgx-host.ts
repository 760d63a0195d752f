import { join } from 'node:path';
import { startPlatform } from '@enclos/software-sgx';
import { loadBench } from '../load-bench.ts';
import { readSigned } from '../harness/signed-folder.ts';
import { benchSgxCalls } from '../sgx/calls.ts';
import { writeEnclaves } from '../sgx/enclaves.ts';
import { benchSgxStart } from '../sgx/start.ts';

/** Its argument is a folder with image and signature of an enclave in TypeScript; it writes the figures of signed SGX enclaves as JSON. */
const folder = process.argv[2] ?? '';
const platform = await startPlatform({ stateFolder: join(folder, 'platform') });
const signed = await readSigned(folder);
const enclaves = await writeEnclaves(folder, platform);
const figures = [
  ...(await benchSgxCalls(enclaves)),
  ...(await benchSgxStart(enclaves, () => loadBench({ ...signed, launcher: platform }))),
];
process.stdout.write(JSON.stringify(figures));
await platform.close();
