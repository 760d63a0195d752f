import { writeFile } from 'node:fs/promises';
import { Adam } from './adam.ts';
import { denseNetwork, scores, trainBatch, type DenseLayer } from './dense.ts';
import { readDigits, side, varied, type DigitImage } from './digit-images.ts';
import type { Matrix } from './matrix.ts';
import { repeatableRandom, shuffle } from './random.ts';

const layers = [side * side, 128, 64, 10];
const batchSize = 32;
const firstRate = 3e-3;
/** Every fifth image, in the order of the file, is for the test, and never trained on. */
const testEvery = 5;

function matrixOf(images: readonly DigitImage[]): Matrix {
  const values = new Float32Array(images.length * side * side);
  images.forEach(({ pixels }, row) => values.set(pixels, row * side * side));
  return { rows: images.length, columns: side * side, values };
}

function accuracy(network: readonly DenseLayer[], images: readonly DigitImage[]): number {
  const { values, columns } = scores(network, matrixOf(images));
  const right = images.filter(({ digit }, row) => {
    const found = values.subarray(row * columns, (row + 1) * columns);
    return found.indexOf(found.reduce((a, b) => Math.max(a, b))) === digit;
  });
  return right.length / images.length;
}

const [data = '/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz', out = '/tmp/digits.json', epochs = '60'] = process.argv.slice(2);
const images = await readDigits(data);
const tested = images.filter((_, i) => i % testEvery === 0);
const trained = images.filter((_, i) => i % testEvery !== 0);
const random = repeatableRandom(8);
const network = denseNetwork(layers, random);
const all = network.flatMap(({ weight, bias }) => [weight, bias]);
const adam = new Adam(all);
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  const order = [...trained];
  shuffle(order, random);
  let sum = 0;
  for (let at = 0; at < order.length; at += batchSize) {
    const batch = order.slice(at, at + batchSize).map((image) => varied(image, random));
    sum += trainBatch(network, matrixOf(batch), Uint8Array.from(batch, ({ digit }) => digit));
    for (const { gradient } of all) gradient.values.forEach((slope, i) => (gradient.values[i] = slope / batch.length));
    const done = (epoch + at / order.length) / Number(epochs);
    adam.step(firstRate * (0.02 + (0.98 * (1 + Math.cos(Math.PI * done))) / 2));
  }
  if (epoch % 10 === 9) process.stdout.write(`epoch ${epoch + 1}: loss ${(sum / order.length).toFixed(3)}, right ${(100 * accuracy(network, tested)).toFixed(2)} % of ${tested.length}\n`);
}
await writeFile(out, JSON.stringify(all.map(({ value }) => ({ rows: value.rows, columns: value.columns, values: Buffer.from(value.values.buffer).toString('base64') }))));
