import { utf8 } from '@enclos/codec';
import { ProtobufWriter } from '@enclos/codec/protobuf';
import { isEnclosError } from '@enclos/errors';
import { parsePredictRequest, predictRequestBody, tensorOf, type Tensor } from '../src/index.ts';

const tensor = new ProtobufWriter().packedInt64(1, [2]).int64(2, 6).packedInt64(5, [1, -1]);
const text =
  '{"inputs":{"x":{"dims":["1"],"dataType":1,"rawData":"AACAPw=="},"y":{"dims":[1],"data_type":7,"int64Data":["5"]}}}';

/** The first byte is the form. */
export const seeds: readonly Uint8Array[] = [
  Uint8Array.of(
    0,
    ...new ProtobufWriter().message(2, new ProtobufWriter().text(1, 'x').message(2, tensor)).text(3, 'y').finish(),
  ),
  Uint8Array.of(
    0,
    ...predictRequestBody({ inputs: [tensorOf('x', 'FP64', Float64Array.of(1))], outputFilter: [] }, 'protobuf'),
  ),
  Uint8Array.of(1, ...utf8(text)),
];

/** What is accepted and written in the other form reads back as the same tensors. */
export function fuzz(data: Uint8Array): void {
  const [form, other] = data[0] === 1 ? (['json', 'protobuf'] as const) : (['protobuf', 'json'] as const);
  try {
    const { inputs, outputFilter } = parsePredictRequest(data.subarray(1), form);
    const again = parsePredictRequest(predictRequestBody({ inputs, outputFilter }, other), other);
    if (sorted(again.inputs) !== sorted(inputs)) throw new RangeError('The tensors read otherwise.');
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}

/** Objects have names that are numbers first, so the order is not compared. */
function sorted(tensors: readonly Tensor[]): string {
  return JSON.stringify(
    tensors.map(({ name, datatype, shape, data }) => [name, datatype, shape, [...data]].join('|')).toSorted(),
  );
}
