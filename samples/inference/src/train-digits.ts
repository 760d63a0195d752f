// Trains the model of digits: node train-digits.js DIGITS.CSV.GZ WEIGHTS.JSON [EPOCHS]
import { Adam, averageGradients, fallingRate } from './training/adam.ts';
import { allDenseWeights, denseNetwork, scores, trainBatch, type DenseLayer } from './training/dense.ts';
import { readDigits, side, varied, type DigitImage } from './training/digit-images.ts';
import { rowOf, zeros, type Matrix } from './training/matrix.ts';
import { repeatableRandom, shuffle } from './training/random.ts';
import { writeWeights } from './training/weights-file.ts';

const layers = [side * side, 128, 64, 10];
const batchSize = 32;
const firstRate = 3e-3;
/** Every fifth image, in the order of the file, is for the test, and never trained on. */
const testEvery = 5;

function matrixOf(images: readonly DigitImage[]): Matrix {
  const made = zeros(images.length, side * side);
  for (const [row, { pixels }] of images.entries()) rowOf(made, row).set(pixels);
  return made;
}

function accuracy(network: readonly DenseLayer[], images: readonly DigitImage[]): number {
  const found = scores(network, matrixOf(images));
  const right = images.filter(({ digit }, row) => {
    const own = rowOf(found, row);
    return own.indexOf(own.reduce((a, b) => Math.max(a, b))) === digit;
  });
  return right.length / images.length;
}

const [data, out, epochs = '60'] = process.argv.slice(2);
if (data === undefined || out === undefined) throw new Error('usage: train-digits DIGITS.CSV.GZ WEIGHTS.JSON [EPOCHS]');
const images = await readDigits(data);
const tested = images.filter((_, i) => i % testEvery === 0);
const trained = images.filter((_, i) => i % testEvery !== 0);
const random = repeatableRandom(8);
const network = denseNetwork(layers, random);
const all = allDenseWeights(network);
const adam = new Adam(all);
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  const order = [...trained];
  shuffle(order, random);
  let sum = 0;
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize).map((image) => varied(image, random));
    const digits = Uint8Array.from(batch, ({ digit }) => digit);
    sum += trainBatch(network, matrixOf(batch), digits);
    averageGradients(all, batch.length);
    adam.step(fallingRate(firstRate, 0.02, (epoch + start / order.length) / Number(epochs)));
  }
  if (epoch % 10 !== 9) continue;
  const right = `${(100 * accuracy(network, tested)).toFixed(2)} % of ${tested.length}`;
  process.stdout.write(`epoch ${epoch + 1}: loss ${(sum / order.length).toFixed(3)}, right ${right}\n`);
}
await writeWeights(out, all);
