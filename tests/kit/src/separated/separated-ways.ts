import { chmodSync, constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePlan, planAllWays, verifyInterpreter, writeStartFiles, type IsolationWay } from '@enclos/isolation';
import { enclaveUsers, separationSkipped } from './separated.ts';

/** What a way to isolation gives an enclave with a user of its own on this machine. */
export interface SeparatedWay {
  readonly way: IsolationWay;
  /** Why it cannot be tried here; false when it has every layer. */
  readonly skip: string | false;
  /** Whether a platform takes it by itself. */
  readonly isChosen: boolean;
}

/** Tries both ways under the user of an enclave, who can read neither the repository nor the folder of npm. */
export async function separatedWays(): Promise<readonly SeparatedWay[]> {
  const skip = separationSkipped();
  if (skip !== false) return (['util-linux', 'bubblewrap'] as const).map((way) => ({ way, skip, isChosen: false }));
  const folder = mkdtempSync(join(tmpdir(), 'enclos-ways-'));
  try {
    chmodSync(folder, 0o711);
    const interpreterPath = join(folder, 'interpreter');
    copyFileSync((await verifyInterpreter()).path, interpreterPath, constants.COPYFILE_FICLONE);
    chmodSync(interpreterPath, 0o555);
    const files = { interpreterPath, ...(await writeStartFiles(folder)) };
    const plans = planAllWays({ ...files, enclaveUser: enclaveUsers.first });
    const chosen = choosePlan(plans).way;
    return plans.map(({ way, layers }) => {
      const missing = layers.filter(({ active }) => !active).map(({ name, detail }) => `${name}: ${detail}`);
      const lacks = missing.length > 0 && `this machine lacks, for ${way}, ${missing.join(' ')}`;
      return { way, skip: lacks, isChosen: way === chosen };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
