// Plays a stranger: a user with an empty home, outside this repository, for whom the packages are published.
//
//   node tools/stranger.mjs [--patience N]
//
// A registry on this machine has the packages as they are packed, so build before. Root plays another user, and has podman run
// their pod; anyone else plays themselves, without a pod. Each step says how long it took, and is killed at its own limit.
// --patience multiplies each limit, for a machine that does other work too. Nothing is left, not even after a failure.
import { parseArgs } from 'node:util';
import { inOneFolder } from './stranger/early-end.mjs';
import { createUser } from './stranger/user.mjs';
import { play, startClock } from './stranger/play.mjs';
import { stepsOf } from './stranger/steps.mjs';
import { withRegistry } from './registry/registry.mjs';

/** On two cores, with what the registry downloads. */
const limitSeconds = 240;

const { values } = parseArgs({ options: { patience: { type: 'string', default: '1' } } });
const patience = Number(values.patience);
if (!(patience > 0)) throw new Error('--patience is a number above 0.');
const clock = startClock();
const passed = await inOneFolder((prepared) =>
  withRegistry(async ({ url }) => {
    prepared();
    console.log(`     the packages are packed and published (${clock()})`);
    const user = createUser();
    try {
      const { steps, release } = await stepsOf({ user, registry: url });
      return await play(user, steps, { limitSeconds, patience, release });
    } finally {
      // Also when there is no first step.
      await user.remove();
    }
  }),
);
process.exitCode = passed ? 0 : 1;
