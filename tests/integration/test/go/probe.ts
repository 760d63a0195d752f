import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fromHex, toBase64 } from '@enclos/codec';
import { peerEvidence, type ScenarioChanges } from '@enclos/evidence-kit';
import { goProgram, runFolder } from '@enclos/testkit';

export const sdkFolder = fileURLToPath(new URL('../../../../../sdk/go', import.meta.url));

/** Go without anything that the machine has set for it. */
export const goEnvironment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOTOOLCHAIN: 'local' };

/** The task of a probe: see sdk/go/internal/atlsprobe. */
export interface ProbeTask {
  readonly act: 'serve' | 'connect' | 'serve-ego';
  readonly address?: string;
  readonly mode?: 'fresh' | 'cached';
  readonly mutual?: boolean;
  readonly raTls?: boolean;
  /** Instead of what the peer sends. */
  readonly collateral?: string;
  readonly root: string;
  readonly policy: string;
  readonly now: string;
}

/** What a probe says: its port, or how it ended. */
export type ProbeLine = Readonly<Record<string, string | number>>;

export interface Probe {
  /** The next line that is not a request for a quote. */
  readonly next: () => Promise<ProbeLine>;
  readonly stop: () => Promise<void>;
}

let built: string | undefined;

function probeProgram(): string {
  if (built === undefined) {
    const program = join(mkdtempSync(join(runFolder('go'), 'probe-')), 'atlsprobe');
    const { status, stderr } = spawnSync(goProgram, ['build', '-o', program, './internal/atlsprobe'], {
      cwd: sdkFolder,
      encoding: 'utf8',
      env: goEnvironment,
    });
    if (status !== 0) throw new Error(stderr);
    built = program;
  }
  return built;
}

/** Starts a probe whose quotes come from the platform of a scenario. */
export function startProbe(task: ProbeTask, changes: ScenarioChanges = {}): Probe {
  const child = spawn(probeProgram(), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const evidence = peerEvidence(changes);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify(task)}\n`);
  return {
    async next() {
      for (;;) {
        const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
        if (done === true) throw new Error('The probe ended.');
        // The probe is ours.
        const line = JSON.parse(value) as ProbeLine;
        if (typeof line['quoteFor'] !== 'string') return line;
        const { quote, endorsements } = await evidence(fromHex(line['quoteFor']));
        child.stdin.write(`${JSON.stringify({ quote: toBase64(quote), endorsements })}\n`);
      }
    },
    stop: () => stopped(child),
  };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
