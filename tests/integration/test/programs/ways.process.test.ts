import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe } from 'node:test';
import { loadEnclave } from '@enclos/host';
import { planAllWays, type IsolationWay } from '@enclos/isolation';
import { createMachine, enrol, openPlatform, servePlatform, stateFolders, createVendor } from '@enclos/software-sgx';
import { createWorkshop, descendants, signingKey } from '@enclos/process-kit';
import { isRunning, until } from '@enclos/process-kit/processes/process-watch';
import { separationSkipped } from '@enclos/process-kit/separated/separated';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';
import { nativeTest } from '@enclos/testkit';
import { probeImage, probeInterface } from './probe-image.ts';

interface Lab {
  readonly launcher: SoftwareLauncher;
  /** Layers that the machine lacks. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

const enclaveUsers = { first: 62_400, last: 62_403 };

/** A platform in this process that starts enclaves by one of the ways. */
async function labBy(way: IsolationWay, separated: boolean): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-programs-'));
  chmodSync(folder, 0o711);
  const { vendorFolder, machineFolder } = stateFolders(join(folder, 'state'));
  const vendor = await createVendor(vendorFolder, { now: new Date(), quotingSigningKey: signingKey('quoting') });
  const machine = await createMachine(machineFolder, { separation: separated ? 'separated' : 'single-user' });
  await enrol(vendor, machine, new Date(), { allowSeparated: separated });
  const separation = {
    hostUsers: [62_300],
    enclaveUsers,
    runtimeFolder: join(folder, 'run'),
    cacheFolder: join(folder, 'cache'),
  };
  const services = await openPlatform({ machineFolder, ...(separated ? { separation } : {}) });
  const isolation = planAllWays({
    interpreterPath: services.interpreter.path,
    filterPath: join(services.runtimeFolder.path, 'enclave.bpf'),
    starterPath: services.isolation.starterPath,
    ...(separated ? { enclaveUser: enclaveUsers.first } : {}),
  }).find((plan) => plan.way === way);
  assert.ok(isolation);
  const server = await servePlatform({ ...services, isolation });
  const launcher = await connectSoftwarePlatform(server.socketPath);
  return {
    launcher,
    missing: isolation.layers.filter(({ active }) => !active).map(({ name }) => name),
    async close() {
      await launcher.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const ways: readonly IsolationWay[] = ['util-linux', 'bubblewrap'];
for (const way of ways) {
  for (const separated of [false, true]) {
    const skip = separated && separationSkipped();
    describe(`a program by ${way}, ${separated ? 'separated' : 'single-user'}`, { skip }, () => {
      let lab: Lab;
      before(async () => {
        if (process.arch === 'x64') lab = await labBy(way, separated);
      });
      after(() => lab?.close());

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

function userOf(processId: number): number | undefined {
  try {
    const found = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
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
