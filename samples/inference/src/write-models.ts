// Writes ONNX files from trained weights: node write-models.js DIGITS.JSON CHARACTERS.JSON FOLDER
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelDigest } from '@enclos/inference-models';
import { readWeights } from './training/weights-file.ts';
import { writeCharactersModel } from './onnx/characters.ts';
import { writeDigitsModel } from './onnx/digits.ts';

const [digits, characters, folder] = process.argv.slice(2);
if (digits === undefined || characters === undefined || folder === undefined) {
  throw new Error('usage: write-models DIGITS.JSON CHARACTERS.JSON FOLDER');
}
const models = {
  'digits-1.onnx': writeDigitsModel(await readWeights(digits)),
  'characters-1.onnx': writeCharactersModel(await readWeights(characters)),
};
for (const [name, bytes] of Object.entries(models)) {
  await writeFile(join(folder, name), bytes);
  process.stdout.write(`${name}: ${bytes.length} bytes, SHA-256 ${await modelDigest(bytes)}\n`);
}
