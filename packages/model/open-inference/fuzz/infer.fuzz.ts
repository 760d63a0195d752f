import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  inferRequestBody,
  parseInferRequest,
  parseInferResponse,
  wholeBody,
  type InferRequest,
  type Tensor,
} from '../src/index.ts';

const input = { name: 'x', shape: [2, 1], datatype: 'FP32', data: [[1.5], [-0.25e-3]] };
const texts = [
  { id: '1', inputs: [input], outputs: [{ name: 'y', parameters: { binary_data: true } }] },
  {
    inputs: [{ ...input, datatype: 'INT64', data: [9_007_199_254_740_991, -1] }],
    parameters: { binary_data_output: true },
  },
  {
    inputs: [
      { name: 's', shape: [2], datatype: 'BYTES', data: ['a\n', 'ä'] },
      { ...input, datatype: 'FP16' },
    ],
  },
  { model_name: 'm', model_version: '1', outputs: [{ name: 'b', datatype: 'BOOL', shape: [2], data: [true, false] }] },
].map((value) => JSON.stringify(value));
const withBinary = '{"inputs":[{"name":"x","shape":[1],"datatype":"UINT32","parameters":{"binary_data_size":4}}]}';

/** The first two bytes are the length of the JSON; 0xffff stands for none. */
export const seeds: readonly Uint8Array[] = [
  ...texts.map((text) => Uint8Array.of(0xff, 0xff, ...utf8(text))),
  Uint8Array.of(withBinary.length, 0, ...utf8(withBinary), 1, 2, 3, 4),
  Uint8Array.of(0, 0, 1, 2, 3, 4),
];

/** What is accepted and written in binary reads back as the same tensors. */
export function fuzz(data: Uint8Array): void {
  const length = (data[0] ?? 0) + 256 * (data[1] ?? 0);
  const headerLength = length === 0xffff ? undefined : length;
  const body = data.subarray(2);
  const modelInputs = [{ name: 'x', datatype: 'UINT16', shape: [-1, 2] }] as const;
  const request = attempt(() => parseInferRequest(body, { headerLength, modelInputs }));
  if (request !== undefined) requireSame(request);
  attempt(() => parseInferResponse(body, { headerLength }));
}

function requireSame({ inputs }: InferRequest): void {
  const written = inferRequestBody({ inputs, areInputsBinary: true, areOutputsBinary: false });
  const again = parseInferRequest(wholeBody(written), { headerLength: written.headerLength });
  const plain = (tensors: readonly Tensor[]): string =>
    JSON.stringify(tensors.map(({ name, datatype, shape, data }) => [name, datatype, shape, [...data]]));
  if (plain(again.inputs) !== plain(inputs)) throw new RangeError('The tensors read otherwise.');
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return undefined;
  }
}
