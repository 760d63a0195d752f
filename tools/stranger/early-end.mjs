// What is made before the first step is taken away too when a signal comes early.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * Prepares something whose temporary files are all in one folder. Until `prepared` is called, a signal ends this process: then
 * programs that end with it are killed first, and the folder is removed after them.
 * @param use gets `prepared`
 */
export async function inOneFolder(use) {
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'enclos-stranger-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const end = (signal) => {
    console.log(`FAIL ended by ${signal} before the first step\n0 passed, 1 failed`);
    process.once('exit', remove);
    process.exit(1);
  };
  const prepared = () => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    for (const signal of signals) process.off(signal, end);
  };
  for (const signal of signals) process.once(signal, end);
  process.env.TMPDIR = folder;
  try {
    return await use(prepared);
  } finally {
    prepared();
    remove();
  }
}
