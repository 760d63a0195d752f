import { inferRequestBody, parseInferRequest, wholeBody } from '@enclos/open-inference';
import { atLeast, type Figure } from '../harness/figures.ts';
import { interleave, time } from '../harness/statistics.ts';
import { image } from './models.ts';

const rounds = 9;
const leastTimes = 100;

/** A tensor of an image in JSON against the same in binary, written and read. */
export async function benchJson(): Promise<readonly Figure[]> {
  const { input } = image();
  // The parts go to a connection one after the other, and are not joined.
  const write = (isBinary: boolean) => () =>
    inferRequestBody({ inputs: [input], areInputsBinary: isBinary, areOutputsBinary: isBinary });
  const read = (isBinary: boolean) => {
    const body = inferRequestBody({ inputs: [input], areInputsBinary: isBinary, areOutputsBinary: isBinary });
    const bytes = wholeBody(body);
    return () => parseInferRequest(bytes, { headerLength: body.headerLength });
  };
  const figures: Figure[] = [];
  for (const [what, of] of [
    ['written', write],
    ['read', read],
  ] as const) {
    const [binary, json] = [of(true), of(false)];
    const { ours, peer, ratio } = await interleave(
      rounds,
      // A single one takes less than the clock tells apart.
      async () => (await time(() => repeat(binary, binaryTimes))) / binaryTimes,
      async () => time(json),
    );
    const times = 1 / ratio;
    figures.push({
      what: `a tensor of 150,528 numbers in binary, ${what}; peer in JSON`,
      ours: `${(ours * 1000).toFixed(1)} µs`,
      peer: `${(peer * 1000).toFixed(0)} µs`,
      ratio: `${times.toFixed(0)} times`,
      bound: atLeast(leastTimes, times),
    });
  }
  return figures;
}

const binaryTimes = 50;

function repeat(step: () => unknown, times: number): void {
  for (let done = 0; done < times; done++) step();
}
