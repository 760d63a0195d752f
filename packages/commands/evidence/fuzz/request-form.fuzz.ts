import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { headerLengthName, inferRequestBody, readHeaderLength, tensorOf, wholeBody } from '@enclos/open-inference';
import { requestFormOf } from '../src/commands/predict/request-form.ts';

const inputs = [tensorOf('a', 'INT16', Int16Array.of(1, -1)), tensorOf('b', 'UINT8', Uint8Array.of(7))];

export const seeds: readonly Uint8Array[] = [
  wholeBody(inferRequestBody({ inputs, areInputsBinary: true, areOutputsBinary: true })),
  wholeBody(inferRequestBody({ inputs, areInputsBinary: false, areOutputsBinary: false })),
  utf8('{"inputs":{"a":[1]}}'),
  utf8('{"inputs":[{"name":"a","parameters":{"binary_data_size":2}}]}  \u0001\u0002'),
  utf8('{"text":"}{\\"","inputs":[]}'),
  Uint8Array.of(0x0a, 0x03, 0x61),
];

/** Any file given to `enclos predict`: a form whose JSON is within the file, or a refusal. */
export function fuzz(data: Uint8Array): void {
  try {
    const { headers } = requestFormOf(data);
    const headerLength = readHeaderLength(headers[headerLengthName] ?? null);
    if (headerLength === undefined) return;
    if (headerLength > data.length) throw new RangeError('JSON that is longer than the file.');
    JSON.parse(new TextDecoder().decode(data.subarray(0, headerLength)));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
