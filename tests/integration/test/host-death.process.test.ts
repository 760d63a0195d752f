import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLab, type Lab } from '@enclos/process-kit/processes/lifetime';
import { descendants } from '@enclos/process-kit/processes/processes';
import { filesHolding, isRunning, processesWith, until } from '@enclos/process-kit/processes/process-watch';

const program = fileURLToPath(import.meta.resolve('@enclos/process-kit/hosts/sleeper-host'));
const soonMs = 30_000;

let lab: Lab;
let paths: readonly string[];
before(async () => {
  lab = await createLab();
  const folder = lab.workshop.subfolder('signed');
  const [image, signature] = [join(folder, 'image'), join(folder, 'signature')];
  writeFileSync(image, lab.signed.image);
  writeFileSync(signature, lab.signed.signature);
  paths = ['--image', image, '--signature', signature, '--state', lab.workshop.stateFolder('hosts')];
});
after(() => lab.close());

interface RunningHost {
  readonly child: ChildProcess;
  /** The platform and everything below it. */
  readonly processes: readonly number[];
  readonly platform: number;
}

/** Starts the host program and waits until its enclave is in the middle of something. */
async function startHost(doing: string): Promise<RunningHost> {
  const child = spawn(process.execPath, [program, ...paths, '--doing', doing], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let platform = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly platform?: number; readonly doing?: string };
    platform = said.platform ?? platform;
    if (said.doing !== undefined) break;
  }
  assert.ok(platform > 0);
  return { child, platform, processes: [platform, ...descendants(platform)] };
}

async function allGone({ processes }: RunningHost): Promise<void> {
  await until('platform and enclaves are gone', () => !processes.some(isRunning), soonMs);
  await until('none is left', () => processesWith(lab.marker).length === 0, soonMs);
}

describe('the end of a host', () => {
  const moments = ['idle', 'wait', 'ask', 'spin', 'seal', 'start-hang', 'start-spin'];
  for (const moment of moments) {
    test(`by kill -9 in the middle of ${moment} ends its platform and its enclave`, async () => {
      const host = await startHost(moment);
      assert.ok(host.processes.length >= 2);
      host.child.kill('SIGKILL');
      await allGone(host);
      assert.deepEqual(filesHolding(lab.workshop.folder, 'not that secret'), []);
      // The platform ended in order: it took its folder along.
      assert.deepEqual(lab.runtimeFolders(), []);
    });
  }

  test('by SIGTERM does the same', async () => {
    const host = await startHost('spin');
    host.child.kill('SIGTERM');
    await allGone(host);
  });

  test('with its platform, by kill -9 at once, leaves no enclave', async () => {
    const host = await startHost('spin');
    process.kill(host.platform, 'SIGKILL');
    host.child.kill('SIGKILL');
    await allGone(host);
  });

  test('while the platform stands still is noticed when it goes on', async () => {
    const host = await startHost('spin');
    process.kill(host.platform, 'SIGSTOP');
    host.child.kill('SIGKILL');
    await once(host.child, 'exit');
    process.kill(host.platform, 'SIGCONT');
    await allGone(host);
  });
});
