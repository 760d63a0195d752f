// Trains the model of characters: node train-characters.js FOLDER WEIGHTS.JSON [EPOCHS]
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Adam, averageGradients, fallingRate } from './training/adam.ts';
import { alphabet, tokensOf } from './training/characters.ts';
import { allWeights, characterNetwork, loss, trainSteps, type CharacterNetwork } from './training/gru.ts';
import { at, zeros } from './training/matrix.ts';
import { repeatableRandom } from './training/random.ts';
import { writeWeights } from './training/weights-file.ts';

const size = { characters: alphabet.length, embedded: 32, hidden: 128 };
const sequences = 32;
const stepsAtOnce = 64;
const charactersAtOnce = sequences * stepsAtOnce;
const firstRate = 4e-3;
/** The part of the text that the model never sees in training. */
const heldOut = 0.05;

/** The written pages, without those that are generated from code. */
async function corpus(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.md')).toSorted();
  const written = names.filter((name) => !/^(?:reference\/api|performance|status)/.test(name));
  const pages = await Promise.all(written.map((name) => readFile(join(folder, name), 'utf8')));
  // Tables and drawings are not prose.
  const lines = pages
    .join('\n')
    .split('\n')
    .filter((line) => !/^\s*[|│┌└├─]/.test(line));
  return lines.join('\n');
}

/** The characters at the same place of each sequence, for places from `from`. */
function window(tokens: Uint8Array, length: number, from: number): readonly Uint8Array[] {
  return Array.from({ length: stepsAtOnce + 1 }, (_, step) =>
    Uint8Array.from({ length: sequences }, (__, sequence) => at(tokens, sequence * length + from + step)),
  );
}

/** Bits for each character of a text that was not trained on. */
function bitsOf(network: CharacterNetwork, tokens: Uint8Array): number {
  const length = Math.floor(tokens.length / sequences);
  const state = zeros(sequences, network.hidden);
  let [sum, count] = [0, 0];
  for (let from = 0; from + stepsAtOnce < length; from += stepsAtOnce) {
    sum += loss(network, window(tokens, length, from), state);
    count += charactersAtOnce;
  }
  return sum / count / Math.LN2;
}

const [folder, out, epochs = '5'] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error('usage: train-characters FOLDER WEIGHTS.JSON [EPOCHS]');
const tokens = tokensOf(await corpus(folder));
const trained = tokens.subarray(0, Math.floor(tokens.length * (1 - heldOut)));
const length = Math.floor(trained.length / sequences);
const network = characterNetwork(size, repeatableRandom(20));
const all = allWeights(network);
const adam = new Adam(all);
const windows = Math.floor((length - 1) / stepsAtOnce);
process.stdout.write(`${tokens.length} characters, ${windows} steps an epoch\n`);
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  const state = zeros(sequences, size.hidden);
  let sum = 0;
  for (let step = 0; step < windows; step++) {
    sum += trainSteps(network, window(trained, length, step * stepsAtOnce), state);
    averageGradients(all, charactersAtOnce);
    adam.step(fallingRate(firstRate, 0.05, (epoch * windows + step) / (Number(epochs) * windows)));
  }
  const own = (sum / (windows * charactersAtOnce) / Math.LN2).toFixed(3);
  const held = bitsOf(network, tokens.subarray(trained.length)).toFixed(3);
  process.stdout.write(`epoch ${epoch + 1}: ${own} bits a character, held out ${held}\n`);
}
await writeWeights(out, all);
