import { decodeValue, encodeValue } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { defaultModelLimits } from '../src/pool/limits.ts';
import { checkOutputs } from '../src/pool/inputs.ts';
import { engineInterface } from '../src/protocol/interface.ts';
import { packTensors, unpackTensors } from '../src/protocol/packing.ts';

/** What an engine answers to a run: an engine that a model has taken over may answer anything. */
const result = engineInterface.trusted.run.result;

const signature = {
  inputs: [],
  outputs: [
    { name: 'scores', datatype: 'FP32', shape: [-1, 2] },
    { name: 'labels', datatype: 'BYTES', shape: [-1] },
    { name: 'isSure', datatype: 'BOOL', shape: [] },
  ],
  limits: { ...defaultModelLimits, maxOutputBytes: 4096 },
} as const;
const wanted = [0, 1, 2];

export const seeds = [
  encodeValue(
    result,
    packTensors([
      { index: 0, shape: [2, 2], data: new Uint8Array(16) },
      { index: 1, shape: [1], data: Uint8Array.of(3, 0, 0, 0, 0x61, 0x62, 0x63) },
      { index: 2, shape: [], data: Uint8Array.of(1) },
    ]),
  ),
  encodeValue(result, packTensors([{ index: 0, shape: [1, 2], data: new Uint8Array(8) }])),
];

export function fuzz(input: Uint8Array): void {
  try {
    const outputs = checkOutputs(unpackTensors(decodeValue(result, input)), wanted, signature);
    if (outputs.some(({ data }) => data.byteLength > 4096)) throw new Error('An output above the limit was accepted.');
  } catch (error) {
    if (!(error instanceof EnclosError)) throw error;
  }
}
