import '../errors.ts';
import { cborArray, cborBytes, cborNull, cborText, cborUnsigned, fromHex, toHex } from '@enclos/codec';
import { integer, JsonForm, parseJson, type JsonProblems, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { SignatureKey } from '@enclos/jose';
import type { DigestCrypto } from '../digest.ts';
import { checkDistinct, readEntry, signatureKey, type ModelEntry } from './entry.ts';

/** What an enclave may serve: a file that is measured with it. */
export interface ModelManifest {
  readonly models: readonly ModelEntry[];
  /** Whose catalogues add models. Without it the list is final. */
  readonly catalogue?: CataloguePin;
}

export interface CataloguePin {
  /** Each may sign. */
  readonly keys: readonly SignatureKey[];
  /** The least version that is accepted, also by an enclave that has seen none. */
  readonly floor: number;
}

const maximumLength = 1_048_576;
const maximumModels = 1024;
const maximumKeys = 8;
const maximumProblems = 8;

/** The domain of the digest, so that it is of nothing else. */
const domain = 'enclos model manifest 1';

/**
 * Reads a manifest of models, which people write and an enclave reads. All mistakes are found in one pass.
 *
 * @param suggest gives the known name that a misspelt one stands for.
 * @throws MODEL_MANIFEST_INVALID
 */
export function readModelManifest(text: string, suggest?: JsonProblems['suggest']): ModelManifest {
  const problems: JsonProblems = { texts: [], ...(suggest === undefined ? {} : { suggest }) };
  const manifest = readFile(text, problems);
  if (problems.texts.length === 0) return manifest;
  const found = problems.texts.slice(0, maximumProblems).join(' ');
  throw new EnclosError('MODEL_MANIFEST_INVALID', `The manifest of models is not valid. ${found}`);
}

function readFile(text: string, problems: JsonProblems): ModelManifest {
  const file = new JsonForm(parse(text), '', problems);
  const models = readModels(file);
  const pin = file.form('catalogue');
  const catalogue = pin === undefined ? undefined : readPin(pin);
  const isEmpty = models.length === 0 && catalogue === undefined;
  if (isEmpty) file.problem('models', 'names no model, and there is no catalogue.');
  file.end();
  return Object.freeze({ models, ...(catalogue === undefined ? {} : { catalogue }) });
}

/** The models of a file or of a catalogue. */
export function readModels(file: JsonForm): readonly ModelEntry[] {
  const models = Object.freeze(file.forms('models', maximumModels).map((form) => readEntry(form)));
  checkDistinct(file, models);
  return models;
}

function readPin(pin: JsonForm): CataloguePin {
  const keys = pin.items('keys', signatureKey, maximumKeys);
  if (pin.isEmptyArray('keys')) pin.problem('keys', 'must name a key.');
  const floor = pin.required('floor', integer(0, Number.MAX_SAFE_INTEGER)) ?? 0;
  pin.end();
  return Object.freeze({ keys: Object.freeze(keys), floor });
}

function parse(text: string): JsonValue {
  try {
    return parseJson(text, maximumLength);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError('MODEL_MANIFEST_INVALID', `The manifest is not strict JSON: ${error.message}`);
  }
}

/** What an enclave serves at one time. */
export interface ServedModels {
  readonly models: readonly Pick<ModelEntry, 'digest' | 'name' | 'sizeBytes' | 'version'>[];
  /** The version of the catalogue that the list is from, if there is one. */
  readonly catalogueVersion?: number;
}

/**
 * What `modelManifestDigest` is a hash of: name, version, digest and size of each model, in the order of name and version, as
 * deterministic CBOR.
 */
export function modelManifestBytes({ models, catalogueVersion }: ServedModels): Uint8Array {
  const key = ({ name, version }: ServedModels['models'][number]): string => `${name} ${version}`;
  const sorted = models.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
  return cborArray(
    cborText(domain),
    catalogueVersion === undefined ? cborNull() : cborUnsigned(catalogueVersion),
    cborArray(
      ...sorted.map(({ name, version, digest, sizeBytes }) =>
        cborArray(cborText(name), cborText(version), cborBytes(fromHex(digest)), cborUnsigned(sizeBytes)),
      ),
    ),
  );
}

/** The digest, in hex, that goes into the report data of an inference enclave: which models it serves. */
export async function modelManifestDigest(
  served: ServedModels,
  subtle: DigestCrypto = globalThis.crypto.subtle,
): Promise<string> {
  return toHex(new Uint8Array(await subtle.digest('SHA-256', modelManifestBytes(served))));
}
