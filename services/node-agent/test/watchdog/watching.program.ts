import { watch } from '../../src/watchdog/watchdog.ts';

/** Watches a program, and prints how it ended. */
const [, , silenceMs, ...command] = process.argv;
const stuck: string[] = [];
const end = await watch({
  command: [process.execPath, ...command],
  environment: process.env,
  silenceMs: Number(silenceMs),
  startMs: Number(silenceMs),
  stuck: ({ code }) => stuck.push(code),
});
process.stdout.write(`${JSON.stringify({ stuck, end })}\n`);
