import { join } from 'node:path';
import type { AnswerReceipt } from '@enclos/inference-client';
import type { RunningService } from '@enclos/inference-service';
import type { Story } from '@enclos/sample-vault/story';
import { startPlatform, type EmbeddedPlatform } from '@enclos/software-sgx';
import { forwardTo } from '../server/forward.ts';
import { hostBetween } from './host-between.ts';
import { attestingClient, type Scene } from './scene.ts';
import { buildService, collectModels, startService, type SignedService } from './service.ts';
import { decideTrust } from './trust.ts';

/** The scene with what runs for it. */
export interface Stage extends Scene {
  readonly signed: SignedService;
  readonly platform: EmbeddedPlatform;
  readonly models: string;
  readonly service: RunningService;
}

/** Builds and starts the service below a folder, verifies it as a client does, and ends it after `play`. */
export async function onStage(story: Story, folder: string, play: (stage: Stage) => Promise<void>): Promise<void> {
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
      await client.attest();
      story.happened('the quote is fresh, of this enclave, and vouches for the keys of requests and receipts', true);
      await play({ story, trust, between, client, receipts, signed, platform, models, service });
      client.close();
    } finally {
      connection.close();
      await service.stop();
    }
  } finally {
    await platform.close();
  }
}
