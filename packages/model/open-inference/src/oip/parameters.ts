import type { JsonByteScanner } from '../json/scanner.ts';
import { refuse, refuseUnsupported } from '../refusal.ts';

/** Parameters of a message, an input or an output: their values are not nested. */
export type InferParameters = ReadonlyMap<string, string | number | boolean>;

export const noParameters: InferParameters = new Map();
const maximumParameters = 64;
/** Parameters of Triton's extensions that would change the answer, or where it comes from. */
const unsupported: ReadonlySet<string> = new Set([
  'classification',
  'sequence_end',
  'sequence_id',
  'sequence_start',
  'shared_memory_byte_size',
  'shared_memory_offset',
  'shared_memory_region',
]);

/** @throws INFERENCE_MESSAGE_INVALID for a parameter that is not a string, a number or a truth value. */
export function readParameters(scanner: JsonByteScanner, at: string): InferParameters {
  const parameters = new Map<string, string | number | boolean>();
  scanner.members((name) => {
    if (parameters.size === maximumParameters) refuse(at, `has more than ${maximumParameters} members`);
    const value = scanner.value();
    if (typeof value === 'object') return refuse(at, 'has a value that is not a string, a number, true or false');
    parameters.set(name, value);
  });
  return parameters;
}

/** As `readParameters`. @throws INFERENCE_UNSUPPORTED also, for a parameter that would change the answer. */
export function readRequestParameters(scanner: JsonByteScanner, at: string): InferParameters {
  const parameters = readParameters(scanner, at);
  const wanted = [...parameters.keys()].find((name) => unsupported.has(name));
  if (wanted !== undefined) refuseUnsupported(`${at}.${wanted}`, 'is not supported');
  return parameters;
}

/** A parameter that is true or false, if it is there. */
export function flagOf(parameters: InferParameters, name: string, at: string): boolean | undefined {
  const value = parameters.get(name);
  if (value === undefined || typeof value === 'boolean') return value;
  return refuse(`${at}.${name}`, 'is not true or false');
}

/** A parameter that is a number of bytes, if it is there. */
export function sizeOf(parameters: InferParameters, name: string, at: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(`${at}.${name}`, 'is not a number of bytes');
}
