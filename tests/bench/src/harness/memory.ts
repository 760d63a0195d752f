import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { saidBy } from '@enclos/testkit';
import { atMost, type Figure } from './figures.ts';
import { interpreters } from './placement.ts';
import { bareInterpreter, type BareInterpreter } from './sandbox.ts';
import type { Scene } from '../scene.ts';
import { interleave } from './statistics.ts';

const largestDifferenceMb = 35;

/**
 * `Rss` of /proc/PID/status, or `Pss`, which counts a shared page by its share and needs the right to trace: without it,
 * as for a user that is not root, the figure cannot be measured, and fails.
 */
type Kind = 'Rss' | 'Pss';

/** Memory of an enclave that has answered a call, against the same interpreter that has answered nothing but a line. */
export async function benchMemory(scene: Scene): Promise<readonly Figure[]> {
  const interpreter = await bareInterpreter();
  const figures: Figure[] = [];
  for (const kind of ['Rss', 'Pss'] as const) {
    const { ours, peer, ratio } = await interleave(
      5,
      async () => enclaveMb(scene, interpreter, kind),
      async () => bareMb(interpreter, kind),
    );
    figures.push({
      what: `memory of a trivial enclave (${kind === 'Rss' ? 'RSS' : 'PSS'})`,
      ours: `${ours.toFixed(1)} MB`,
      peer: `${peer.toFixed(1)} MB`,
      ratio: ratio.toFixed(2),
      bound: atMost(largestDifferenceMb, ours - peer, ' MB more'),
    });
  }
  await interpreter.close();
  return figures;
}

async function enclaveMb(scene: Scene, interpreter: BareInterpreter, kind: Kind): Promise<number> {
  const enclave = await scene.load();
  await enclave.call.echo({ data: Uint8Array.of(1) });
  const used = interpretersMb(interpreter, kind);
  await enclave.dispose();
  return used;
}

async function bareMb(interpreter: BareInterpreter, kind: Kind): Promise<number> {
  const program = 'process.stdin.resume(); console.log(1);';
  const child = interpreter.start(program, { sandboxed: true, stdio: ['pipe', 'pipe', 'ignore'] });
  await saidBy(child);
  const used = interpretersMb(interpreter, kind);
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
  return used;
}

function interpretersMb({ path }: BareInterpreter, kind: Kind): number {
  return interpreters(path).reduce((sum, id) => sum + memoryMb(id, kind), 0);
}

/** In megabytes; NaN where it cannot be read. */
export function memoryMb(processId: number, kind: Kind): number {
  const [file, pattern] =
    kind === 'Rss' ? (['status', /^VmRSS:\s+(\d+) kB$/m] as const) : (['smaps_rollup', /^Pss:\s+(\d+) kB$/m] as const);
  try {
    const kilobytes = pattern.exec(readFileSync(`/proc/${processId}/${file}`, 'utf8'))?.[1];
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return Number.NaN;
  }
}
