import { readFile } from 'node:fs/promises';
import { tensorOf, valuesOf, type Tensor } from '@enclos/open-inference';
import { InferenceSession, Tensor as StockTensor } from 'onnxruntime-node';

/** The same model outside of any enclave, in ONNX Runtime as npm installs it: for tensors of FP32 and INT64. */
export async function runOutside(path: string): Promise<(inputs: readonly Tensor[]) => Promise<readonly Tensor[]>> {
  const session = await InferenceSession.create(await readFile(path), { intraOpNumThreads: 1, interOpNumThreads: 1 });
  return async (inputs) => {
    const found = await session.run(Object.fromEntries(inputs.map((input) => [input.name, stockTensor(input)])));
    return Object.entries(found).map(([name, { data, dims }]) => {
      if (!(data instanceof Float32Array)) throw new TypeError(`The output ${name} is not of FP32.`);
      return tensorOf(name, 'FP32', data, dims);
    });
  };
}

function stockTensor(tensor: Tensor): StockTensor {
  return tensor.datatype === 'INT64'
    ? new StockTensor('int64', valuesOf(tensor, 'INT64'), tensor.shape)
    : new StockTensor('float32', valuesOf(tensor, 'FP32'), tensor.shape);
}
