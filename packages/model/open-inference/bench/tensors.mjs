// Measures an inference message with one tensor of 224 by 224 by 3 floats, in JSON and in binary, beside JSON.stringify and JSON.parse.
// node packages/model/open-inference/bench/tensors.mjs [--rounds=30]
import { parseArgs } from 'node:util';
import { inferRequestBody, parseInferRequest, tensorOf, valuesOf, wholeBody } from '../dist/src/index.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' } } });
const rounds = Number(values.rounds);
const shape = [1, 3, 224, 224];
const floats = Float32Array.from({ length: 150_528 }, (_, index) => Math.sin(index) * 3);
const tensor = tensorOf('image', 'FP32', floats, shape);

const write = (areInputsBinary) =>
  inferRequestBody({ inputs: [tensor], areInputsBinary, areOutputsBinary: areInputsBinary });
/** A server gives the typed array to its engine, so a view counts as read. */
const read = (body, headerLength) => valuesOf(parseInferRequest(body, { headerLength }).inputs[0], 'FP32');

const binary = write(true);
const binaryBody = wholeBody(binary);
const jsonBody = wholeBody(write(false));
const plainText = JSON.stringify({ inputs: [{ name: 'image', shape, datatype: 'FP32', data: [...floats] }] });
const plainBody = new TextEncoder().encode(plainText);

/** Interleaved, so that what else the machine does meets all of them. The binary ones repeat, since one is shorter than the clock's step. */
const contenders = {
  'JSON.stringify': {
    repeat: 1,
    run: () => new TextEncoder().encode(JSON.stringify({ inputs: [{ data: [...floats] }] })),
  },
  'write JSON': { repeat: 1, run: () => wholeBody(write(false)) },
  'write binary, as parts': { repeat: 1000, run: () => write(true) },
  'write binary, as one body': { repeat: 20, run: () => wholeBody(write(true)) },
  'JSON.parse to Float32Array': {
    repeat: 1,
    run: () => Float32Array.from(JSON.parse(new TextDecoder().decode(plainBody)).inputs[0].data),
  },
  'read JSON': { repeat: 1, run: () => read(jsonBody, undefined) },
  'read binary': { repeat: 1000, run: () => read(binaryBody, binary.headerLength) },
};

const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, { repeat, run }] of Object.entries(contenders)) {
    const start = performance.now();
    for (let count = 0; count < repeat; count++) run();
    times[name].push((performance.now() - start) / repeat);
  }
}

const minimum = (name) => Math.min(...times[name]);
for (const name of Object.keys(contenders)) {
  const sorted = times[name].toSorted((left, right) => left - right);
  console.log(
    `${name.padEnd(28)} min ${minimum(name).toFixed(4)} ms, median ${sorted[Math.floor(rounds / 2)].toFixed(4)} ms`,
  );
}
console.log(`bytes: JSON ${jsonBody.length}, binary ${binaryBody.length}`);
const ratio = (slow, fast) => Math.round(minimum(slow) / minimum(fast));
console.log(
  `binary is ${ratio('write JSON', 'write binary, as one body')} times as fast to write, as parts ${ratio('write JSON', 'write binary, as parts')} times`,
);
console.log(`binary is ${ratio('read JSON', 'read binary')} times as fast to read`);
