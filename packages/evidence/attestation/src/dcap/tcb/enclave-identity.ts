import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { readEnclaveLevels, type EnclaveTcbLevel } from './enclave-levels.ts';
import { hex, integer, isoDate, parseJson, string, JsonRecord } from '@enclos/codec/json';
import { maximumBodyLength } from './signed-body.ts';

const identityIds = ['QE', 'QVE', 'QAE', 'TD_QE'] as const;

/** Intel's identity of one of its attestation enclaves, version 2. Byte fields are in the order of the report. */
export interface EnclaveIdentity {
  readonly id: (typeof identityIds)[number];
  readonly issueDate: string;
  readonly nextUpdate: string;
  readonly tcbEvaluationDataNumber: number;
  /** 4 bytes. */
  readonly miscSelect: Uint8Array;
  readonly miscSelectMask: Uint8Array;
  /** 16 bytes. */
  readonly attributes: Uint8Array;
  readonly attributesMask: Uint8Array;
  /** 32 bytes. */
  readonly mrSigner: Uint8Array;
  readonly isvProdId: number;
  /** The highest first. */
  readonly tcbLevels: readonly EnclaveTcbLevel[];
}

/**
 * Parses the body of an enclave identity (Intel PCS API v4, "Get Quoting
 * Enclave Identity"). Its version must be 2: see `isUnsupportedVersion`.
 *
 * @throws CODEC_TRUNCATED for a missing member, else another CODEC error.
 */
export function parseEnclaveIdentity(body: string): EnclaveIdentity {
  const fields = new JsonRecord(parseJson(body, maximumBodyLength), 'enclaveIdentity');
  const givenId = fields.required('id', string(8));
  const id = identityIds.find((known) => known === givenId);
  if (id === undefined) throw new EnclosError('CODEC_INVALID', 'Enclave identity: id is not a known enclave.');
  const version = fields.required('version', integer(0, 0xffff_ffff));
  if (version !== 2) {
    throw new EnclosError('CODEC_INVALID', 'Enclave identity: version is not 2.', { details: { version } });
  }
  return Object.freeze({
    id,
    issueDate: fields.required('issueDate', isoDate),
    nextUpdate: fields.required('nextUpdate', isoDate),
    tcbEvaluationDataNumber: fields.required('tcbEvaluationDataNumber', integer(0, 0xffff_ffff)),
    miscSelect: fromHex(fields.required('miscselect', hex(4))),
    miscSelectMask: fromHex(fields.required('miscselectMask', hex(4))),
    attributes: fromHex(fields.required('attributes', hex(16))),
    attributesMask: fromHex(fields.required('attributesMask', hex(16))),
    mrSigner: fromHex(fields.required('mrsigner', hex(32))),
    isvProdId: fields.required('isvprodid', integer(0, 65_535)),
    tcbLevels: readEnclaveLevels(fields),
  });
}

/** The one refusal that QVL names apart from the others. */
export function isUnsupportedVersion(error: EnclosError): boolean {
  return 'version' in error.details;
}
