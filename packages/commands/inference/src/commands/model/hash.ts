import { defineCommand } from '@enclos/cli-frame';
import { isEncryptedModel, modelDigestSync } from '@enclos/inference-models/node';
import { refuseUsage } from '@enclos/cli-frame';
import { readModelFile } from './model-file.ts';

export const command = defineCommand({
  description: [
    'Prints the SHA-256 digest of the plain bytes of a model: what manifests, catalogues and receipts name it by.',
    'An encrypted model is refused, since the digest of its file is not that of the model.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The model', required: true } },
  options: {},
  examples: [{ command: 'enclos model hash digits.onnx', summary: 'Print the digest' }],
  exitCodes: {},
  async run({ arguments: { file } }, { path, progress }) {
    const model = await progress.during('reading', () => readModelFile(path(file)));
    if (isEncryptedModel(model)) {
      refuseUsage('The file is an encrypted model: `enclos model info` shows for which digest it was made.');
    }
    return { path: path(file), digest: modelDigestSync(model), sizeBytes: model.length };
  },
  human: ({ digest }, printer) => printer.line(digest),
  json: (hashed) => hashed,
});
