import type { Figure } from './harness/figures.ts';
import type { Scene } from './scene.ts';
import { median, time } from './harness/statistics.ts';

/** Seal and unseal inside the enclave: calls of the platform, and AES-256-GCM. */
export async function benchSeal(scene: Scene): Promise<readonly Figure[]> {
  const enclave = await scene.load();
  const rounds = 200;
  const figures: Figure[] = [];
  await enclave.call.sealing({ rounds, sizeBytes: 64 });
  for (const sizeBytes of [64, 65_536]) {
    const samples: number[] = [];
    for (let i = 0; i < 7; i++) samples.push(await time(async () => enclave.call.sealing({ rounds, sizeBytes })));
    const each = (median(samples) / rounds) * 1000;
    figures.push({ what: `seal and unseal ${sizeBytes.toLocaleString('en')} bytes`, ours: `${each.toFixed(0)} µs` });
  }
  await enclave.dispose();
  return figures;
}
