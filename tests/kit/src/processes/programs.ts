import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export { saidBy, startProgram, type Ran, type Running } from '@enclos/testkit';

// From tests/kit/dist/src/processes.
export const repository = fileURLToPath(new URL('../../../../..', import.meta.url));
/** The command of this repository. */
export const enclosBin = join(repository, 'packages/cli/bin/enclos.js');
