import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Adam } from './adam.ts';
import { alphabet, tokensOf } from './characters.ts';
import { allWeights, characterNetwork, loss, trainSteps, type CharacterNetwork } from './gru.ts';
import { zeros } from './matrix.ts';
import { repeatableRandom } from './random.ts';

const size = { characters: alphabet.length, embedded: 32, hidden: 128 };
const sequences = 32;
const stepsAtOnce = 64;
const firstRate = 4e-3;
/** The part of the text that the model never sees in training. */
const heldOut = 0.05;

/** The written pages, without those that are generated from code. */
async function corpus(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md')).toSorted();
  const written = names.filter((name) => !/^(reference\/api|performance|status)/.test(name));
  const pages = await Promise.all(written.map((name) => readFile(join(folder, name), 'utf8')));
  // Tables and drawings are not prose.
  const lines = pages.join('\n').split('\n').filter((line) => !/^\s*[|│┌└├─]/.test(line));
  return lines.join('\n');
}

/** The characters at the same place of each sequence, for places from `from`. */
function window(tokens: Uint8Array, length: number, from: number): readonly Uint8Array[] {
  return Array.from({ length: stepsAtOnce + 1 }, (_, step) =>
    Uint8Array.from({ length: sequences }, (__, sequence) => tokens[sequence * length + from + step] ?? 0),
  );
}

/** Bits for each character of a text that was not trained on. */
function bitsOf(network: CharacterNetwork, tokens: Uint8Array): number {
  const length = Math.floor(tokens.length / sequences);
  const state = zeros(sequences, network.hidden);
  let [sum, count] = [0, 0];
  for (let from = 0; from + stepsAtOnce < length; from += stepsAtOnce) {
    sum += loss(network, window(tokens, length, from), state);
    count += sequences * stepsAtOnce;
  }
  return sum / count / Math.LN2;
}

const [folder = '../../docs', out = 'models/characters.json', epochs = '6'] = process.argv.slice(2);
const tokens = tokensOf(await corpus(folder));
const trained = tokens.subarray(0, Math.floor(tokens.length * (1 - heldOut)));
const length = Math.floor(trained.length / sequences);
const network = characterNetwork(size, repeatableRandom(20));
const adam = new Adam(allWeights(network));
const windows = Math.floor((length - 1) / stepsAtOnce);
process.stdout.write(`${tokens.length} characters, ${windows} steps an epoch\n`);
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  const state = zeros(sequences, size.hidden);
  let sum = 0;
  const started = Date.now();
  for (let at = 0; at < windows; at++) {
    sum += trainSteps(network, window(trained, length, at * stepsAtOnce), state);
    const done = (epoch * windows + at) / (Number(epochs) * windows);
    for (const { gradient } of allWeights(network)) gradient.values.forEach((slope, i) => (gradient.values[i] = slope / (sequences * stepsAtOnce)));
    adam.step(firstRate * (0.05 + 0.95 * (1 + Math.cos(Math.PI * done)) / 2));
    if (at % 50 === 49) process.stdout.write(`  ${at + 1}: ${(sum / ((at + 1) * sequences * stepsAtOnce) / Math.LN2).toFixed(3)} bits, ${Date.now() - started} ms\n`);
  }
  const bits = bitsOf(network, tokens.subarray(trained.length));
  process.stdout.write(`epoch ${epoch + 1}: ${(sum / (windows * sequences * stepsAtOnce) / Math.LN2).toFixed(3)} bits a character, held out ${bits.toFixed(3)}\n`);
  await writeFile(out, JSON.stringify(allWeights(network).map(({ value }) => ({ rows: value.rows, columns: value.columns, values: Buffer.from(value.values.buffer).toString('base64') }))));
}
