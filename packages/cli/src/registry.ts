import { egoCommands } from '@enclos/cli-ego/commands';
import {
  collateralCommands,
  explainCommands,
  inspectCommands,
  policyCommands,
  predictCommands,
  proxyCommands,
  receiptCommands,
  verifyCommands,
} from '@enclos/cli-evidence/commands';
import type { Entry } from '@enclos/cli-frame';
import { modelCommands } from '@enclos/cli-inference/commands';
import { consortiumCommands } from '@enclos/cli-consortium/commands';
import { ledgerCommands } from '@enclos/cli-ledger/commands';
import { doctorCommands, platformCommands } from '@enclos/cli-platform/commands';
import { entries as buildCommands } from './commands/build/index.ts';
import { entries as cHeaderCommands } from './commands/c-header/index.ts';
import { entries as completionsCommands } from './commands/completions/index.ts';
import { entries as debugCommands } from './commands/debug/index.ts';
import { entries as deployCommands } from './commands/deploy/index.ts';
import { entries as devCommands } from './commands/dev/index.ts';
import { entries as edlCommands } from './commands/edl/index.ts';
import { entries as goCommands } from './commands/go/index.ts';
import { entries as gramineCommands } from './commands/gramine/index.ts';
import { entries as imageCommands } from './commands/image/index.ts';
import { entries as keygenCommands } from './commands/keygen/index.ts';
import { entries as lintCommands } from './commands/lint/index.ts';
import { entries as measureCommands } from './commands/measure/index.ts';
import { entries as newCommands } from './commands/new/index.ts';
import { entries as runCommands } from './commands/run/index.ts';
import { entries as signCommands } from './commands/sign/index.ts';
import { entries as testCommands } from './commands/test/index.ts';

/** Every command, in the order of the help. A folder of `commands`, here or in another package, holds the commands that begin with its name. */
export const registry: readonly Entry[] = Object.freeze([
  ...newCommands,
  ...buildCommands,
  ...goCommands,
  ...egoCommands,
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
  ...cHeaderCommands,
  ...verifyCommands,
  ...explainCommands,
  ...policyCommands,
  ...proxyCommands,
  ...collateralCommands,
  ...predictCommands,
  ...receiptCommands,
  ...modelCommands,
  ...ledgerCommands,
  ...consortiumCommands,
  ...platformCommands,
  ...completionsCommands,
]);
