import { boolean, isJsonArray, JsonRecord, oneOf, parseJsonBytes, string } from '@enclos/codec/json';
import { JsonByteScanner } from '../json/scanner.ts';
import { reading, refuse, refuseUnsupported } from '../refusal.ts';
import { maximumNameLength } from '../tensors/tensor.ts';
import { flagOf, noParameters, readParameters, type InferParameters } from './parameters.ts';

const states = ['UNAVAILABLE', 'LOADING', 'UNLOADING', 'READY'] as const;
const maximumLength = 1_048_576;
const maximumModels = 4096;

/** What Triton's repository extension says of a model, one entry for each version. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: (typeof states)[number];
  /** Why it is in that state; empty when there is nothing to say. */
  readonly reason: string;
}

/** Reads a request of `POST v2/repository/index`, whose body may be empty. @throws INFERENCE_MESSAGE_INVALID. */
export function parseIndexRequest(body: Uint8Array): { readonly onlyReady: boolean } {
  if (body.length === 0) return { onlyReady: false };
  return reading('the request', () => {
    const record = new JsonRecord(parseJsonBytes(body, maximumLength), 'request');
    return { onlyReady: record.optional('ready', boolean) ?? false };
  });
}

export function indexJson(entries: readonly RepositoryEntry[]): string {
  return JSON.stringify(entries.map(({ name, version, state, reason }) => ({ name, version, state, reason })));
}

/** Reads the answer to an index request; other members are ignored. @throws INFERENCE_MESSAGE_INVALID. */
export function parseIndex(body: Uint8Array): readonly RepositoryEntry[] {
  return reading('the index', () => {
    const value = parseJsonBytes(body, maximumLength);
    if (!isJsonArray(value) || value.length > maximumModels) {
      return refuse('the index', `is not an array of up to ${maximumModels} models`);
    }
    return value.map((entry, index) => entryOf(new JsonRecord(entry, `[${index}]`)));
  });
}

function entryOf(record: JsonRecord): RepositoryEntry {
  const name = string(maximumNameLength);
  return Object.freeze({
    name: record.required('name', name),
    version: record.optional('version', name) ?? '',
    state: record.required('state', oneOf(...states)),
    reason: record.optional('reason', string(4096)) ?? '',
  });
}

/**
 * Reads a request of `POST v2/repository/models/NAME/load`, whose body may be empty.
 *
 * @throws INFERENCE_UNSUPPORTED for `config` and `file:...`, which would bring another model than the measured one.
 * @throws INFERENCE_MESSAGE_INVALID.
 */
export function parseLoadRequest(body: Uint8Array): InferParameters {
  const parameters = parametersOf(body);
  const brought = [...parameters.keys()].find((name) => name === 'config' || name.startsWith('file:'));
  if (brought !== undefined) refuseUnsupported('parameters', 'bring a configuration or a file, which is not supported');
  return parameters;
}

/** Reads a request of `POST v2/repository/models/NAME/unload`, whose body may be empty. @throws INFERENCE_MESSAGE_INVALID. */
export function parseUnloadRequest(body: Uint8Array): { readonly unloadDependents: boolean } {
  return { unloadDependents: flagOf(parametersOf(body), 'unload_dependents', 'parameters') ?? false };
}

function parametersOf(body: Uint8Array): InferParameters {
  if (body.length === 0) return noParameters;
  return reading('the request', () => {
    const scanner = new JsonByteScanner(body);
    let parameters = noParameters;
    scanner.members((member) => {
      if (member === 'parameters') parameters = readParameters(scanner, 'parameters');
      else refuse('the request', 'has a member that is not known');
    });
    scanner.end();
    return parameters;
  });
}
