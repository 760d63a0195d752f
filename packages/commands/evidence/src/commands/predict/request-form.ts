import { isJsonArray, isJsonObject, parseJson, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { refuseUsage } from '@enclos/cli-frame';
import { headerLengthName } from '@enclos/open-inference';

/** Which of the bodies of the inference API a file holds, and what a request with it needs. */
export interface RequestForm {
  readonly protocol: 'open-inference' | 'predict';
  readonly headers: Readonly<Record<string, string>>;
}

/** The JSON of a request in the binary form is short; one with its tensors in JSON is read whole. */
const maximumJsonLength = 268_435_456;
const openBrace = 0x7b;
const wrongForm = 'The file is not a request as `enclos model test-inputs` writes one.';

/**
 * Finds out what a file of `enclos model test-inputs`, or one like it, holds. What begins with JSON is a request of the Open Inference
 * Protocol when its inputs are a list, with tensors in binary when it names their sizes, and otherwise one of `:predict`. The rest is a
 * request of `:predict` in protobuf.
 *
 * @throws CLI_USAGE for JSON of another form
 */
export function requestFormOf(body: Uint8Array): RequestForm {
  if (body[0] !== openBrace) return { protocol: 'predict', headers: { 'content-type': 'application/x-protobuf' } };
  const end = endOfJson(body);
  const inputs = inputsOf(body.subarray(0, end));
  if (!isJsonArray(inputs)) return { protocol: 'predict', headers: { 'content-type': 'application/json' } };
  const headerLength = body.length - inputs.reduce((sum: number, input) => sum + binarySizeOf(input), 0);
  if (headerLength === body.length) {
    return { protocol: 'open-inference', headers: { 'content-type': 'application/json' } };
  }
  // The JSON may be padded with spaces, so that the tensors are aligned to 8 bytes.
  const isAligned = headerLength === end || (headerLength > end && headerLength % 8 === 0);
  if (!isAligned || body.subarray(end, headerLength).some((byte) => byte !== 0x20)) return refuseUsage(wrongForm);
  const headers = { 'content-type': 'application/octet-stream', [headerLengthName]: String(headerLength) };
  return { protocol: 'open-inference', headers };
}

function inputsOf(bytes: Uint8Array): JsonValue {
  const request = parseJson(decodeUtf8(bytes), maximumJsonLength);
  const inputs = isJsonObject(request) ? request['inputs'] : undefined;
  return isJsonArray(inputs) || isJsonObject(inputs) ? inputs : refuseUsage(wrongForm);
}

function binarySizeOf(input: JsonValue): number {
  const parameters = isJsonObject(input) ? input['parameters'] : undefined;
  const size = isJsonObject(parameters) ? (parameters['binary_data_size'] ?? 0) : 0;
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : refuseUsage(wrongForm);
}

/** Where an object ends that begins the bytes. Braces in texts do not count. */
function endOfJson(bytes: Uint8Array): number {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isText = false;
    } else if (byte === 0x22) isText = true;
    else if (byte === openBrace) depth++;
    else if (byte === 0x7d && --depth === 0) return at + 1;
  }
  return refuseUsage(wrongForm);
}
