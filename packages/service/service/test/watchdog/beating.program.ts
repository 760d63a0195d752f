import { startBeating } from '../../src/watchdog/index.ts';

/** A program under a watchdog, which does what its argument says. */
const [, , what] = process.argv;
const isWatched = what !== 'mute' && startBeating(process.env, () => process.exit(9));
process.on('SIGTERM', () => process.exit(7));
process.on('SIGUSR2', () => {
  for (;;);
});
setInterval(() => undefined, 1000);
// Last: a test sends signals as soon as it has read this.
process.stdout.write(`${process.pid} ${isWatched}\n`);
