import type { Scene } from './scene.ts';
import { median, report, time } from './statistics.ts';

/** Seal and unseal inside the enclave: two times two EGETKEY calls to the platform, and AES-256-GCM. */
export async function benchSeal(scene: Scene): Promise<void> {
  const enclave = await scene.load();
  const rounds = 200;
  for (const sizeBytes of [64, 65_536]) {
    const samples: number[] = [];
    for (let i = 0; i < 7; i++) samples.push(await time(async () => enclave.call.sealing({ rounds, sizeBytes })));
    report(`seal and unseal, ${sizeBytes} bytes`, `${((median(samples) / rounds) * 1000).toFixed(0)} µs`);
  }
  await enclave.dispose();
}
