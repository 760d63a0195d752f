import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { planIsolation, verifyInterpreter, writeSeccompFilter } from '@enclos/software-sgx';
import { join } from 'node:path';
import type { Scene } from './scene.ts';
import { interleave, report, time } from './statistics.ts';

const hello = Uint8Array.of(1, 2, 3);

/** First answered call of a fresh enclave, against the same interpreter's bare first reply in the same wrappers. */
export async function benchStart(scene: Scene): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const interpreter = await verifyInterpreter();
  const { prefix } = planIsolation({ interpreterPath: interpreter.path, filterPath: await writeSeccompFilter(folder) });
  const words = [...prefix, interpreter.path, '--openssl-config=/dev/null', '-e', 'console.log(1)'];
  const [command = '', ...args] = words;
  const bare = async (): Promise<number> =>
    time(async () => {
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: {}, cwd: '/' });
      await once(child.stdout, 'data');
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
  report(
    'start: upload, measure, spawn, first answer',
    `${ours.toFixed(0)} ms`,
    `bare interpreter in the same wrappers ${peer.toFixed(0)} ms, ratio ${ratio.toFixed(2)}`,
  );
  await rm(folder, { recursive: true });
}
