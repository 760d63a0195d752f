// Says in a sentence that Node is too old, before anything of this repository runs on it: `npm start`, `npm test` and
// `npm run build` begin with it. `npm ci` says so too (engine-strict in .npmrc), but Node may change after it.
import { nodeRefusal } from '../packages/errors/start-program.mjs';

const refusal = nodeRefusal('Enclos');
if (refusal !== undefined) {
  console.error(refusal);
  process.exitCode = 1;
}
