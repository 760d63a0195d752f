import '../errors.ts';
import { toHex, utf8 } from '@enclos/codec';
import { integer, isoDate, JsonForm, type JsonProblems } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  compactJws,
  jwkOf,
  jwsSigningInput,
  readJwt,
  verifyJws,
  type JwsAlgorithm,
  type Jwt,
  type VerificationCrypto,
} from '@enclos/jose';
import type { DigestCrypto } from '../digest.ts';
import type { ModelEntry } from './entry.ts';
import { readModels, type CataloguePin, type ModelManifest } from './manifest.ts';

/** The content of a catalogue. */
export interface CatalogueContent {
  /** Grows with each catalogue that is published. */
  readonly version: number;
  /** When it was signed: 2026-11-29T12:00:00Z. */
  readonly issued: string;
  readonly models: readonly ModelEntry[];
}

/** A catalogue that a pinned key signed, and that is not older than what is known. */
export interface Catalogue extends CatalogueContent {
  /** SHA-256 of the content as it was signed, in hex. */
  readonly digest: string;
}

/** The catalogue that an enclave took last: where no older one may follow. */
export type KnownCatalogue = Pick<Catalogue, 'digest' | 'version'>;

export interface CatalogueSigner {
  readonly algorithm: JwsAlgorithm;
  readonly sign: (input: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface VerifyCatalogueOptions {
  readonly pin: CataloguePin;
  /** Undefined at the first one. */
  readonly known: KnownCatalogue | undefined;
  readonly subtle?: DigestCrypto & VerificationCrypto;
}

const type = 'enclos-model-catalogue+jws';
const algorithms = ['ES256', 'ES384', 'EdDSA'] as const satisfies readonly JwsAlgorithm[];
const maximumLength = 1_398_104;

/** A signed catalogue: a compact JWS. */
export async function writeCatalogue(content: CatalogueContent, signer: CatalogueSigner): Promise<string> {
  const models = content.models.map(({ owner, ...model }) => ({
    ...model,
    ...(owner === undefined ? {} : { owner: jwkOf(owner) }),
  }));
  const header = JSON.stringify({ alg: signer.algorithm, typ: type });
  const input = jwsSigningInput(header, JSON.stringify({ version: content.version, issued: content.issued, models }));
  return compactJws(input, await signer.sign(utf8(input)));
}

/**
 * Verifies a catalogue: a pinned key signed it, and it is neither older than the floor of the measured manifest nor than the one that
 * is known, nor another one of the same version.
 *
 * @example
 * ```ts
 * import { verifyCatalogue, type Catalogue, type CataloguePin } from '@enclos/inference-models';
 *
 * export async function newest(text: string, pin: CataloguePin, known: Catalogue | undefined): Promise<Catalogue> {
 *   return verifyCatalogue(text, { pin, known });
 * }
 * ```
 *
 * @throws MODEL_CATALOGUE_INVALID or MODEL_CATALOGUE_OLD.
 */
export async function verifyCatalogue(text: string, options: VerifyCatalogueOptions): Promise<Catalogue> {
  const { pin, known, subtle = globalThis.crypto.subtle } = options;
  const jwt = orRefuse(() => readJwt(text, { maxLength: maximumLength, algorithms }));
  if (jwt.header['typ'] !== type) return refuse('The JWS is not a catalogue of models.');
  if (!(await isSigned(jwt, pin, subtle))) return refuse('None of the pinned keys signed the catalogue.');
  const content = readContent(jwt);
  const digest = toHex(new Uint8Array(await subtle.digest('SHA-256', jwt.payload)));
  checkVersion({ version: content.version, digest }, pin, known);
  return Object.freeze({ ...content, digest });
}

async function isSigned(jwt: Jwt, { keys }: CataloguePin, subtle: VerificationCrypto): Promise<boolean> {
  for (const key of keys) if ((await verifyJws(jwt, key, subtle)) === undefined) return true;
  return false;
}

function readContent({ claims }: Jwt): CatalogueContent {
  const problems: JsonProblems = { texts: [] };
  const form = new JsonForm(claims, '', problems);
  const version = form.required('version', integer(0, Number.MAX_SAFE_INTEGER)) ?? 0;
  const issued = form.required('issued', isoDate) ?? '';
  const models = readModels(form);
  form.end();
  return problems.texts.length === 0
    ? { version, issued, models }
    : refuse(`The catalogue is not valid. ${problems.texts[0]}`);
}

function checkVersion(read: KnownCatalogue, { floor }: CataloguePin, known: KnownCatalogue | undefined): void {
  if (read.version < floor) refuseOld(read.version, `the manifest wants ${floor} or later`);
  if (known === undefined || read.version > known.version) return;
  if (read.version < known.version) refuseOld(read.version, `version ${known.version} is known`);
  if (read.digest !== known.digest) refuseOld(read.version, 'another catalogue of this version is known');
}

/** What says which models may be served. */
export interface AllowedModels {
  readonly manifest: ModelManifest;
  readonly catalogue?: Catalogue | undefined;
}

/**
 * All models that may be served: those of the manifest, and those of the catalogue that take neither name and version nor digest of one in
 * it. Keys belong to a digest, so another entry for it would say who its owner is and where its key is kept.
 */
export function allowedModels({ manifest, catalogue }: AllowedModels): readonly ModelEntry[] {
  const { models } = manifest;
  if (manifest.catalogue === undefined || catalogue === undefined) return models;
  const wordsOf = ({ name, version, digest }: ModelEntry): readonly string[] => [`${name} ${version}`, digest];
  const taken = new Set(models.flatMap(wordsOf));
  return [...models, ...catalogue.models.filter((model) => !wordsOf(model).some((word) => taken.has(word)))];
}

/**
 * The model that may be served under a name, from the manifest and, if there is one, the catalogue.
 *
 * @throws MODEL_NOT_ALLOWED
 */
export function allowedModel(allowed: AllowedModels, wanted: Pick<ModelEntry, 'name' | 'version'>): ModelEntry {
  const { name, version } = wanted;
  const found = allowedModels(allowed).find((model) => model.name === name && model.version === version);
  if (found === undefined) throw new EnclosError('MODEL_NOT_ALLOWED');
  return found;
}

function refuseOld(version: number, why: string): never {
  throw new EnclosError('MODEL_CATALOGUE_OLD', `The catalogue has version ${version}, and ${why}.`, {
    details: { version },
  });
}

function refuse(message: string, cause?: unknown): never {
  throw new EnclosError('MODEL_CATALOGUE_INVALID', message, { cause });
}

function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refuse(`The catalogue cannot be read: ${error.message}`, error);
  }
}
