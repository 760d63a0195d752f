// Builds everything: `npm run build`. The steps and their order are in lib/build-steps.mjs; the first that fails ends it.
import { spawnSync } from 'node:child_process';
import { buildStages } from './lib/build-steps.mjs';
import { root } from './lib/workspace.mjs';

for (const { command } of buildStages.flat()) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
