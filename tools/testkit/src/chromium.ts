import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { test, type TestContext } from 'node:test';
import { DevTools, type Session } from './dev-tools.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** What starts Chromium: `ENCLOS_CHROMIUM`, or the first of its usual names that PATH has. */
function locate(): string | undefined {
  const given = process.env['ENCLOS_CHROMIUM'];
  if (given !== undefined) return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

const program = locate();

const flags = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--disable-gpu',
  '--disable-extensions',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--hide-scrollbars',
];

/** Starts a headless Chromium of its own, which ends with the test. */
async function start(t: TestContext): Promise<DevTools> {
  if (program === undefined) {
    throw new Error('Chromium is absent: apt-get install chromium, or name it in ENCLOS_CHROMIUM.');
  }
  const profile = mkdtempSync(join(tmpdir(), 'enclos-chromium-'));
  // Chromium has no sandbox for root. What it opens here are files of this repository.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(program, [...flags, ...asRoot, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  t.after(async () => {
    await endGroup(child);
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  });
  // Rejects with the reason when the program cannot be started.
  await once(child, 'spawn');
  return DevTools.over(child);
}

/** Its helpers are processes of the same group. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}

/**
 * Tests in a real browser. Without one they are skipped, visibly and counted; in CI
 * its absence fails.
 */
export const chromium = Object.freeze({
  /** A test with a page of its own, at about:blank. */
  test(name: string, body: (page: Session, t: TestContext) => Promise<void>): void {
    if (program === undefined && process.env['CI'] === undefined) {
      test(name, { skip: 'Chromium is absent' }, () => undefined);
      return;
    }
    test(name, async (t) => {
      const tools = await start(t);
      await body(await tools.openPage(), t);
    });
  },
});
