import { entry } from '@enclos/cli-frame';

export const entries = [
  entry('model info', 'Inference', 'Show what an ONNX model takes, gives and uses', () => import('./info.ts')),
  entry('model hash', 'Inference', 'Print the digest of a model', () => import('./hash.ts')),
  entry(
    'model encrypt',
    'Inference',
    'Encrypt a model for an inference enclave or KServe',
    () => import('./encrypt.ts'),
  ),
  entry(
    'model key supply',
    'Inference',
    'Supply the key of your model to an attested enclave',
    () => import('./key-supply.ts'),
  ),
  entry(
    'model test-inputs',
    'Inference',
    'Write a request with made-up inputs for a model',
    () => import('./test-inputs.ts'),
  ),
];
