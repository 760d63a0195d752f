import { createHash, type KeyObject } from 'node:crypto';
import { buildEnclave, signEnclave, type Project } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { loadVault, type VaultEnclave } from '../host.ts';
import type { Story } from '../story.ts';
import type { Scene, Signed } from './scene.ts';

export async function buildAndSign(story: Story, project: Project, key: KeyObject): Promise<Signed> {
  story.chapter('Build and sign the enclave');
  const { image, mrEnclave, report } = await buildEnclave(project);
  const signature = signEnclave({ image, key, date: new Date() });
  story.say('image', `${image.length.toLocaleString('en')} bytes, ${report.packages.length} packages inside`);
  story.say('MRENCLAVE', toHex(mrEnclave));
  const sha256 = createHash('sha256').update(image).digest('hex');
  story.happened('sha256sum of the image prints the same value', sha256 === toHex(mrEnclave));
  return { image, signature, mrEnclave };
}

export async function loadAndShow({ story, platform, storage, signed }: Scene): Promise<VaultEnclave> {
  const enclave = await loadVault({ ...signed, launcher: platform, storage });
  const active = enclave.isolation.filter((layer) => layer.active);
  story.say('isolation', active.map((layer) => layer.name).join(', '));
  for (const layer of enclave.isolation.filter((candidate) => !candidate.active)) {
    story.say(`  without ${layer.name}`, layer.detail);
  }
  story.note('SOFTWARE PLATFORM, single user: this user could read everything. Its evidence says so.');
  story.happened(
    'the platform measured the image to the same value, verified its signature and started it',
    toHex(enclave.identity.mrEnclave) === toHex(signed.mrEnclave) && enclave.identity.securityVersion === 2,
  );
  return enclave;
}
