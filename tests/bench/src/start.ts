import { saidBy } from '@enclos/testkit';
import { atMost, type Figure } from './harness/figures.ts';
import { bareInterpreter } from './harness/sandbox.ts';
import type { Scene } from './scene.ts';
import { interleave, time } from './harness/statistics.ts';

const hello = Uint8Array.of(1, 2, 3);
const largestDifferenceMs = 120;

/** First answered call of a fresh enclave, against the same interpreter's bare first reply in the same wrappers. */
export async function benchStart(scene: Scene): Promise<readonly Figure[]> {
  const interpreter = await bareInterpreter();
  const bare = async (): Promise<number> =>
    time(async () => {
      const child = interpreter.start('console.log(1)', { sandboxed: true, stdio: ['ignore', 'pipe', 'ignore'] });
      await saidBy(child);
      child.kill('SIGKILL');
    });
  const loaded = async (): Promise<number> => {
    let enclave: Awaited<ReturnType<Scene['load']>> | undefined;
    const taken = await time(async () => {
      enclave = await scene.load();
      await enclave.call.echo({ data: hello });
    });
    await enclave?.dispose();
    return taken;
  };
  const { ours, peer, ratio } = await interleave(15, loaded, bare);
  await interpreter.close();
  return [
    {
      what: 'start: upload, measure, verify, spawn, first answered call',
      ours: `${ours.toFixed(0)} ms`,
      peer: `${peer.toFixed(0)} ms`,
      ratio: ratio.toFixed(1),
      bound: atMost(largestDifferenceMs, ours - peer, ' ms more'),
    },
  ];
}
