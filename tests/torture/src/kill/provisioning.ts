import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey } from '@enclos/build';
import { openMachine, openVendor, stateFolders } from '@enclos/software-sgx';
import { markVariables } from '../marks.ts';
import type { Tally } from '../program.ts';
import { compiled, type Workplace } from '../workplace.ts';
import { requireWhole, unfinished } from './residue.ts';

/** Kills whoever makes a vendor and a machine before each of its changes to the disk that a sample of so many meets. */
export async function killProvisioning(workplace: Workplace, moments: number, tally: Tally): Promise<string> {
  const folder = join(workplace.folder, 'provisioning');
  mkdirSync(folder);
  const key = join(folder, 'quoting.pem');
  writeFileSync(key, generateKey(), { mode: 0o600 });
  const run = (name: string, dieAt: number): Promise<Provisioned> => provision(join(folder, name), { key, dieAt });

  const changes = Number((await run('whole', 0)).said.get('changes'));
  let deaths = 0;
  const stride = Math.max(1, changes / moments);
  const points = Array.from({ length: Math.min(moments, changes) }, (_, i) => 1 + Math.floor(i * stride));
  const work = async (): Promise<void> => {
    for (let dieAt = points.shift(); dieAt !== undefined; dieAt = points.shift()) {
      try {
        const state = join(folder, `state-${dieAt}`);
        const killed = await run(`state-${dieAt}`, dieAt);
        if (killed.signal !== 'SIGKILL') throw new Error('It was not killed.');
        deaths += 1;
        await requireKept(state, killed.said);
        const again = await run(`state-${dieAt}`, 0);
        if (again.code !== 0) throw new Error(`Begun again, it ends with code ${again.code}.`);
        for (const name of ['vendor', 'machine']) {
          const before = killed.said.get(name);
          if (before !== undefined && again.said.get(name) !== before) throw new Error(`It is another ${name}.`);
        }
        await requireWhole(state);
        requireTidy(state);
        tally.pass();
      } catch (error) {
        tally.fail(`provisioning killed at change ${dieAt}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all([work(), work()]);
  return `${deaths} kills at ${changes} changes to the folders of vendor and machine`;
}

interface Provisioned {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said that is done. */
  readonly said: ReadonlyMap<string, string>;
}

async function provision(
  state: string,
  { key, dieAt }: { readonly key: string; readonly dieAt: number },
): Promise<Provisioned> {
  const child = spawn(process.execPath, [compiled('kill/provision.program.js'), '--state', state, '--key', key], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${compiled('marking.preload.js')}`,
      [markVariables.watch]: join(state, '..'),
      [markVariables.dieAt]: String(dieAt),
    },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code, signal] = (await once(child, 'close')) as unknown as [number | null, NodeJS.Signals | null];
  const lines = text.split('\n').filter(Boolean);
  return { code, signal, said: new Map(lines.map((line) => line.split(' ') as [string, string])) };
}

/** What was said to be done is on the disk; what is there is whole. */
async function requireKept(state: string, said: ReadonlyMap<string, string>): Promise<void> {
  const { vendorFolder, machineFolder } = stateFolders(state);
  const vendor = existsSync(vendorFolder) ? await openVendor(vendorFolder) : undefined;
  const machine = existsSync(machineFolder) ? await openMachine(machineFolder) : undefined;
  const claims: readonly [done: string, isThere: boolean][] = [
    ['vendor', vendor?.rootFingerprint === said.get('vendor') && vendor?.documents !== undefined],
    ['machine', machine?.ppid === said.get('machine')],
    ['published', (vendor?.generations.length ?? 0) >= 2],
    ['recovered', machine?.pck !== undefined && machine.cpuSvn === said.get('recovered')],
    ['revoked', (vendor?.revoked.length ?? 0) >= 1],
  ];
  for (const [done, isThere] of claims) {
    if (said.has(done) && !isThere) throw new Error(`It said "${done}", and it is not so.`);
  }
}

/** Of one kill there may be one file that was not finished; never a folder, which could hold keys. */
function requireTidy(state: string): void {
  const left = unfinished(state);
  if (left.length > 1 || left.some((path) => path.includes('.making-'))) {
    throw new Error(`There is still ${left.join(', ')}.`);
  }
}
