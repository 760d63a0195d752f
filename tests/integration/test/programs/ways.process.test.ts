import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe } from 'node:test';
import { loadEnclave } from '@enclos/host';
import { createWorkshop, descendants } from '@enclos/process-kit';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { separationSkipped } from '@enclos/process-kit/separated/separated';
import { nativeTest } from '@enclos/testkit';
import { privateChecks } from './private-checks.ts';
import { probeImage, probeInterface } from './probe-image.ts';
import { enclaveUsers, labBy, userOf, ways, type Lab } from './way-lab.ts';

for (const way of ways) {
  for (const separated of [false, true]) {
    const skip = separated && separationSkipped();
    describe(`a program by ${way}, ${separated ? 'separated' : 'single-user'}`, { skip }, () => {
      let lab: Lab;
      before(async () => {
        if (process.arch === 'x64') lab = await labBy(way, separated);
      });
      after(() => lab?.close());
      privateChecks(() => lab, separated);

      nativeTest('runs with its own descriptors, environment and user, and leaves nothing', async (t) => {
        if (lab.missing.length > 0) t.diagnostic(`without ${lab.missing.join(', ')}`);
        const isolation = lab.missing.length > 0 ? 'best' : 'strict';
        const { image, signature } = probeImage({
          manifest: { environment: [{ name: 'LD_PRELOAD', value: '/none.so' }] },
        });
        const probe = await loadEnclave({
          image,
          signature,
          interface: probeInterface,
          untrusted: {},
          launcher: lab.launcher,
          isolation,
        });
        const ask = (command: string): Promise<string> => probe.call.ask({ command });
        assert.equal(await ask('descriptors'), '0 1 2 3 4 ');
        assert.equal(await ask('env'), 'LD_PRELOAD=/none.so\n');
        assert.match(await ask('args'), /^probe\nserve\n/);
        for (const [call, error] of [
          ['41,2,1,0', -1],
          ['257,-100,s/etc/passwd,0', -2],
          ['10,p,4096,7', -1],
        ] as const) {
          assert.equal(await ask(`call ${call}`), `${error}`, call);
        }
        const processes = descendants(process.pid);
        const users = processes.map(userOf).filter((user) => user !== undefined);
        const isOwn = (user: number): boolean => user >= enclaveUsers.first && user <= enclaveUsers.last;
        assert.equal(users.some(isOwn), separated);
        await probe.dispose();
        await until('no process is left', () => !processes.some(isRunning));
      });
    });
  }
}

describe('the death of a platform', () => {
  const workshop = createWorkshop();
  after(() => workshop.close());

  for (const [when, variant] of [
    ['before its program has greeted', { arguments: ['silent'] }],
    ['while its program runs', {}],
  ] as const) {
    nativeTest(`${when} leaves no process, and no file for the next platform`, async () => {
      const platform = await workshop.startPlatform('killed');
      const folder = dirname(platform.socketPath);
      const { image, signature } = probeImage(variant);
      const loading = loadEnclave({
        image,
        signature,
        interface: probeInterface,
        untrusted: {},
        launcher: platform,
      }).then(
        async (probe) => probe.exited,
        () => undefined,
      );
      const comm = /^p-[0-9a-f]{13}$/;
      const programs = (): readonly number[] => descendants(platform.processId).filter((pid) => comm.test(nameOf(pid)));
      await until('the program runs', () => programs().length > 0);
      const all = descendants(platform.processId);
      process.kill(platform.processId, 'SIGKILL');
      await loading;
      await until('no process is left', () => !all.some(isRunning));
      const next = await workshop.startPlatform('killed');
      await until('its folder is gone', () => !existsSync(folder));
      await next.close();
    });
  }
});

/** TASK_COMM_LEN, proc_pid_comm(5). */
function nameOf(processId: number): string {
  try {
    return readFileSync(`/proc/${processId}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
