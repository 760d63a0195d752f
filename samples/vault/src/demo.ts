import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadProject } from '@enclos/build';
import { generateSigningKey } from '@enclos/sgx/node';
import { startPlatform } from '@enclos/software-sgx';
import { buildAndSign, loadAndShow } from './demo/build.ts';
import { keepEvidence } from './demo/evidence.ts';
import { refuseOthers } from './demo/refusals.ts';
import { killAndRestart } from './demo/restart.ts';
import { forgeAnswer, replaceSecret, storeSecret } from './demo/secrets.ts';
import type { Scene } from './demo/scene.ts';
import { checkEnclave, decideTrust } from './demo/trust.ts';
import { vaultProjectFolder } from './project-folder.ts';
import { serveVault } from './server.ts';
import { tellStory, type Story } from './story.ts';

/** `--evidence FOLDER` keeps the vault's quote there, with the files to verify it. */
const { evidence } = parseArgs({ options: { evidence: { type: 'string' } } }).values;

async function tell(story: Story, folder: string): Promise<void> {
  const project = await loadProject(vaultProjectFolder);
  const alice = generateSigningKey();
  const signed = await buildAndSign(story, project, alice);

  story.chapter('Start the software platform and load the enclave');
  const stateFolder = join(folder, 'platform');
  const platform = await startPlatform({ stateFolder });
  const storage = join(folder, 'storage');
  await mkdir(storage);
  try {
    await play({ story, folder, project, alice, signed, platform, storage }, stateFolder);
  } finally {
    await platform.close();
  }
  story.note('\n   Every step above truly happened. This was the software platform: it shows the whole model,');
  story.note('but it does not keep secrets from the owner of this machine. Hardware does that.');
}

async function play(scene: Scene, stateFolder: string): Promise<void> {
  const enclave = await loadAndShow(scene);
  const server = await serveVault(enclave, scene.platform);
  try {
    const client = await decideTrust(scene, stateFolder);
    const attested = await checkEnclave(scene, server.url, client);
    if (evidence !== undefined) await keepEvidence(scene, { url: server.url, stateFolder, folder: evidence });
    await storeSecret(scene, attested, client);
    await forgeAnswer(scene, enclave, client);
    await replaceSecret(scene, attested, client);
    await killAndRestart(scene, { enclave, attested }, client);
    await refuseOthers(scene, client);
  } finally {
    await server.close();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'enclos-vault-'));
try {
  process.exitCode = await tellStory((story) => tell(story, folder), {
    write: (line) => void process.stdout.write(`${line}\n`),
    fail: (line) => void process.stderr.write(`${line}\n`),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
