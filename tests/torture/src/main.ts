import { attestationLoad } from './attestation/attestation-load.ts';
import { clock } from './clock/clock.ts';
import { diskFull } from './disk/disk-full.ts';
import { readOnly } from './disk/read-only.ts';
import { gateDecoder } from './gate/gate-decoder.ts';
import { gateLive } from './gate/gate-live.ts';
import { header } from './header.ts';
import { inference } from './inference/inference.ts';
import { inferenceModels } from './inference/inference-models.ts';
import { killMatrix } from './kill/kill-matrix.ts';
import { platformLive } from './platform/platform-live.ts';
import { createTally, readOptions, type Program } from './program.ts';
import { signedEnclaves } from './signed/signed-enclaves.ts';
import { soak } from './soak/soak.ts';

const programs: Readonly<Record<string, Program>> = {
  'gate-decoder': gateDecoder,
  'gate-live': gateLive,
  'platform-live': platformLive,
  'kill-matrix': killMatrix,
  'disk-full': diskFull,
  'read-only': readOnly,
  clock,
  'signed-enclaves': signedEnclaves,
  soak,
  'attestation-load': attestationLoad,
  inference,
  'inference-models': inferenceModels,
};

const [name = '', ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) {
  process.stderr.write(`usage: npm run torture -- ${Object.keys(programs).join('|')} [--seed N] ...\n`);
  process.exit(2);
}
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const options = readOptions(args);
const tally = createTally(print);
print(header(name, options.seed));
await program(options, tally).catch((error: unknown) =>
  tally.fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
);
print(tally.line());
process.exitCode = tally.failures > 0 ? 1 : 0;
