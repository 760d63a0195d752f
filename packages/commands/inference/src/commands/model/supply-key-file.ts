import type { VerifiedEvidence } from '@enclos/attestation';
import { maxKeyBytes, readSmallFile, readSmallJson, readSmallText } from '@enclos/cli-frame/files';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { nodeEngine } from '@enclos/hpke/node';
import { createInferenceClient, type ReportAppraiser } from '@enclos/inference-client';
import { createSealedCarrier, policyReportAppraiser, supplyModelKey } from '@enclos/inference-client/node';
import { readModelKey } from '@enclos/inference-models/node';
import { readOwnerKey } from './owner-key.ts';

export interface SupplyKeyFileOptions {
  readonly url: string;
  /** The name of the model in the manifest. */
  readonly model: string;
  /** SHA-256 of its plain bytes, in hex. */
  readonly digest: string;
  /** Files. */
  readonly key: string;
  readonly owner: string;
  readonly policy: string;
  /** Instead of what the service sends along. */
  readonly collateral: string | undefined;
  readonly now: () => Date;
}

export interface SuppliedKeyFile {
  readonly model: string;
  readonly digest: string;
  /** MRENCLAVE, or what the other kinds of evidence have in its place, in hex. */
  readonly measurement: string;
  readonly evidence: VerifiedEvidence;
}

const maximumPolicyBytes = 1_048_576;
const maximumCollateralBytes = 8_388_608;

/**
 * Supplies the key of a model to the enclave of a service that a policy accepts. The model is loaded then. Files are read first, and nothing
 * is sent before the evidence was accepted.
 *
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, MODEL_KEY_INVALID; MODEL_KEY_REFUSED and MODEL_NOT_OPENED by the enclave;
 * INFERENCE_NOT_ATTESTED, what the functions of `@enclos/inference-client` throw, and what refuses the evidence.
 */
export async function supplyKeyFile(options: SupplyKeyFileOptions): Promise<SuppliedKeyFile> {
  const { url, model, digest } = options;
  const owner = await readOwnerKey(options.owner);
  let evidence: VerifiedEvidence | undefined;
  const appraise = await appraiserOf(options, (accepted) => (evidence = accepted));
  const key = readModelKey(await readSmallFile(options.key, maxKeyBytes));
  const carrier = createSealedCarrier();
  const client = createInferenceClient({ url, appraise, fetch: carrier.fetch, engine: nodeEngine() });
  try {
    await supplyModelKey(client, { url, name: model, digest, key, owner });
    const { measurement } = await client.attest();
    // A client that sent something has accepted evidence.
    if (evidence === undefined) throw new EnclosError('INFERENCE_NOT_ATTESTED');
    return Object.freeze({ model, digest, measurement, evidence });
  } catch (error) {
    throw refusalOf(error);
  } finally {
    key.fill(0);
    client.close();
    carrier.close();
  }
}

async function appraiserOf(
  { policy: path, collateral: file, now }: SupplyKeyFileOptions,
  onEvidence: (evidence: VerifiedEvidence) => void,
): Promise<ReportAppraiser> {
  const policy = await readSmallText(path, maximumPolicyBytes);
  const json = file === undefined ? undefined : await readSmallJson(file, maximumCollateralBytes);
  const collateral = json === undefined ? {} : { collateral: () => json };
  try {
    return policyReportAppraiser({ policy, now, onEvidence, ...collateral });
  } catch (cause) {
    if (!isEnclosError(cause)) throw cause;
    const message = `${path} is not a policy for SGX or TDX quotes. ${cause.message}`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path }, cause });
  }
}

/** What the enclave says of a key, in words for its owner. */
const refusals = new Map([
  [
    'MODEL_KEY_REFUSED',
    'The enclave did not take the key: it has a key for this model already, or its manifest does not name this owner for a model of this name and digest.',
  ],
  [
    'MODEL_NOT_OPENED',
    'The enclave forgot the key again: it does not open the file that the service has of the model.',
  ],
] as const);

function refusalOf(error: unknown): unknown {
  if (!isEnclosError(error, 'INFERENCE_CALL_REFUSED')) return error;
  for (const [code, message] of refusals) {
    if (error.details['code'] === code) return new EnclosError(code, message, { cause: error });
  }
  return error;
}
