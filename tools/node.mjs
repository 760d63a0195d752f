// Says in a sentence what is missing before anything of this repository runs: `npm start`, `npm test` and `npm run build`
// begin with it. `npm ci` says that Node is too old as well (engine-strict in .npmrc), but Node may change after it. The
// syntax is old, for a Node that is too old.
import { existsSync } from 'node:fs';
import { nodeRefusal } from '../packages/ground/errors/start-program.mjs';

const isThere = (path) => existsSync(new URL(`../${path}`, import.meta.url));
const missing = isThere('node_modules/typescript')
  ? undefined
  : 'Run `npm ci` first: it installs what Enclos is built with.';
const refusal = nodeRefusal('Enclos') || missing;
if (refusal !== undefined) {
  console.error(refusal);
  process.exitCode = 1;
} else if (!isThere('packages/ground/errors/dist')) {
  // The compiler says nothing before it has ended.
  console.error('Compiling: the first time takes up to a minute.');
}
