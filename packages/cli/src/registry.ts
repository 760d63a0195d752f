import { entries as buildCommands } from './commands/build/index.ts';
import { entries as collateralCommands } from './commands/collateral/index.ts';
import { entries as completionsCommands } from './commands/completions/index.ts';
import { entries as debugCommands } from './commands/debug/index.ts';
import { entries as deployCommands } from './commands/deploy/index.ts';
import { entries as devCommands } from './commands/dev/index.ts';
import { entries as doctorCommands } from './commands/doctor/index.ts';
import { entries as edlCommands } from './commands/edl/index.ts';
import { entries as explainCommands } from './commands/explain/index.ts';
import { entries as gramineCommands } from './commands/gramine/index.ts';
import { entries as imageCommands } from './commands/image/index.ts';
import { entries as inspectCommands } from './commands/inspect/index.ts';
import { entries as keygenCommands } from './commands/keygen/index.ts';
import { entries as lintCommands } from './commands/lint/index.ts';
import { entries as measureCommands } from './commands/measure/index.ts';
import { entries as newCommands } from './commands/new/index.ts';
import { entries as platformCommands } from './commands/platform/index.ts';
import { entries as policyCommands } from './commands/policy/index.ts';
import { entries as proxyCommands } from './commands/proxy/index.ts';
import { entries as runCommands } from './commands/run/index.ts';
import { entries as signCommands } from './commands/sign/index.ts';
import { entries as testCommands } from './commands/test/index.ts';
import { entries as verifyCommands } from './commands/verify/index.ts';
import type { Entry } from './commands/context.ts';

/** Every command, in the order of the help. A folder of `commands` holds the commands that begin with its name. */
export const registry: readonly Entry[] = Object.freeze([
  ...newCommands,
  ...buildCommands,
  ...runCommands,
  ...devCommands,
  ...testCommands,
  ...debugCommands,
  ...doctorCommands,
  ...keygenCommands,
  ...signCommands,
  ...measureCommands,
  ...inspectCommands,
  ...gramineCommands,
  ...deployCommands,
  ...lintCommands,
  ...imageCommands,
  ...edlCommands,
  ...verifyCommands,
  ...explainCommands,
  ...policyCommands,
  ...proxyCommands,
  ...collateralCommands,
  ...platformCommands,
  ...completionsCommands,
]);
