import { watch } from '../../src/watchdog/index.ts';

/** Watches a program, and prints how it ended. */
const [, , silenceMs, startMs, ...command] = process.argv;
const stuck: number[] = [];
const end = await watch({
  command: [process.execPath, ...command],
  environment: process.env,
  silenceMs: Number(silenceMs),
  startMs: Number(startMs),
  stuck: (silentMs) => stuck.push(silentMs),
});
process.stdout.write(`${JSON.stringify({ stuck, end })}\n`);
