// The demonstration: node dist/src/demo.js
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnswerReceipt } from '@enclos/inference-client';
import { tellStory, type Story } from '@enclos/sample-vault/story';
import { startPlatform } from '@enclos/software-sgx';
import { readDigit } from './demo/digits.ts';
import { hostBetween } from './demo/host-between.ts';
import { refuseModel, refuseOthers } from './demo/refusals.ts';
import { attestingClient } from './demo/scene.ts';
import { buildService, collectModels, startService } from './demo/service.ts';
import { streamText } from './demo/text.ts';
import { decideTrust } from './demo/trust.ts';
import { findVoice } from './demo/voice.ts';
import { forwardTo } from './server/forward.ts';

async function tell(story: Story, folder: string): Promise<void> {
  const signed = await buildService(story, join(folder, 'image'));
  story.chapter('Start the software platform, the enclave, and its engine beside it');
  const stateFolder = join(folder, 'platform');
  const models = join(folder, 'models');
  await collectModels(models);
  const platform = await startPlatform({ stateFolder });
  try {
    const service = await startService(signed, platform, models);
    const connection = forwardTo(service.address);
    try {
      story.say('models', 'digits, characters, voice: each has the digest that was measured');
      story.note('SOFTWARE PLATFORM, single user: this user could read everything. Its evidence says so.');
      const trust = await decideTrust(story, signed.mrEnclave, stateFolder);
      const receipts: AnswerReceipt[] = [];
      const between = hostBetween(connection.forward);
      const client = attestingClient(trust, between, (receipt) => receipts.push(receipt));
      const scene = { story, trust, between, client, receipts };
      await client.attest();
      story.happened('the quote is fresh, of this enclave, and vouches for the keys of requests and receipts', true);
      await readDigit(scene);
      await findVoice(scene);
      await streamText(scene);
      await refuseOthers(scene);
      client.close();
      await service.stop();
      await refuseModel(scene, { signed, platform, models });
    } finally {
      connection.close();
      await service.stop();
    }
  } finally {
    await platform.close();
  }
  story.note('\n   Every step above truly happened. This was the software platform: it shows the whole model,');
  story.note('but it does not keep secrets from the owner of this machine. Hardware does that.');
}

const folder = await mkdtemp(join(tmpdir(), 'enclos-inference-'));
try {
  process.exitCode = await tellStory((story) => tell(story, folder), {
    write: (line) => void process.stdout.write(`${line}\n`),
    fail: (line) => void process.stderr.write(`${line}\n`),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
