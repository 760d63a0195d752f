import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorOf } from '@enclos/open-inference';
import { attestingClient, refusalOf, type Scene } from './scene.ts';
import { startService } from './service.ts';
import type { Stage } from './stage.ts';

const blank = (): Parameters<Scene['client']['infer']>[0] => ({
  model: 'digits',
  inputs: [tensorOf('input', 'FP32', new Float32Array(64), [1, 1, 8, 8])],
});

export async function refuseOthers(scene: Scene): Promise<void> {
  const { story, trust, between, client } = scene;
  story.chapter('What is refused');
  between.changeNextAnswer();
  const changed = await refusalOf(client.infer(blank()));
  story.happened(`the host changes one bit of an answer: ${changed}`, changed !== 'it was not refused');
  const other = { ...trust, policy: { ...trust.policy, mrEnclave: ['00'.repeat(32)] } };
  const before = between.requests;
  const refused = await refusalOf(attestingClient(other, between).infer(blank()));
  story.happened(
    `a client that expects another enclave asks for its evidence, and sends it nothing else: ${refused}`,
    refused === 'APPRAISAL_REFUSED' && between.requests === before + 1,
  );
}

/** A host that gives the enclave another model does not get it to serve. */
export async function refuseModel({ story, signed, platform, models }: Stage): Promise<void> {
  const path = join(models, 'digits-1.onnx');
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 100) ^ 1, bytes.length - 100);
  await writeFile(path, bytes);
  const code = await refusalOf(startService(signed, platform, models));
  story.happened(`the host changes one bit of a model: ${code}`, code === 'INFERENCE_MODEL_REFUSED');
}
