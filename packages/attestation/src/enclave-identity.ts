import { fromHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { JsonFields } from './json-fields.ts';
import { parseJson } from './json.ts';
import { maximumBodyLength } from './signed-body.ts';
import { enclaveStatuses, type EnclaveStatus } from './tcb-status.ts';

const identityIds = ['QE', 'QVE', 'QAE', 'TD_QE'] as const;

export interface EnclaveTcbLevel {
  readonly isvSvn: number;
  /** 2024-03-13T00:00:00Z */
  readonly tcbDate: string;
  readonly status: EnclaveStatus;
  readonly advisoryIds: readonly string[];
}

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
  const fields = new JsonFields(parseJson(body, maximumBodyLength), 'enclaveIdentity');
  const givenId = fields.string('id', 8);
  const id = identityIds.find((known) => known === givenId);
  if (id === undefined) throw new EnclosError('CODEC_INVALID', 'Enclave identity: id is not a known enclave.');
  const version = fields.integer('version', 0xffff_ffff);
  if (version !== 2) {
    throw new EnclosError('CODEC_INVALID', 'Enclave identity: version is not 2.', { details: { version } });
  }
  return Object.freeze({
    id,
    issueDate: fields.date('issueDate'),
    nextUpdate: fields.date('nextUpdate'),
    tcbEvaluationDataNumber: fields.integer('tcbEvaluationDataNumber', 0xffff_ffff),
    miscSelect: fromHex(fields.hex('miscselect', 4)),
    miscSelectMask: fromHex(fields.hex('miscselectMask', 4)),
    attributes: fromHex(fields.hex('attributes', 16)),
    attributesMask: fromHex(fields.hex('attributesMask', 16)),
    mrSigner: fromHex(fields.hex('mrsigner', 32)),
    isvProdId: fields.integer('isvprodid', 65_535),
    tcbLevels: sorted(fields.objects('tcbLevels', 1, 256).map(readLevel)),
  });
}

/** The one refusal that QVL names apart from the others. */
export function isUnsupportedVersion(error: EnclosError): boolean {
  return 'version' in error.details;
}

function readLevel(level: JsonFields): EnclaveTcbLevel {
  const tcbStatus = level.string('tcbStatus', 64);
  if (!isEnclaveStatus(tcbStatus)) {
    throw new EnclosError('CODEC_INVALID', 'Enclave identity: tcbStatus is not a status of an enclave.');
  }
  return Object.freeze({
    isvSvn: level.object('tcb').integer('isvsvn', 65_535),
    tcbDate: level.date('tcbDate'),
    status: enclaveStatuses[tcbStatus],
    advisoryIds: level.optionalStrings('advisoryIDs', 256, 64),
  });
}

function sorted(levels: EnclaveTcbLevel[]): readonly EnclaveTcbLevel[] {
  levels.sort((a, b) => b.isvSvn - a.isvSvn);
  if (levels.some((level, index) => levels[index - 1]?.isvSvn === level.isvSvn)) {
    throw new EnclosError('CODEC_INVALID', 'Enclave identity: two TCB levels are equal.');
  }
  return Object.freeze(levels);
}

function isEnclaveStatus(status: string): status is keyof typeof enclaveStatuses {
  return Object.hasOwn(enclaveStatuses, status);
}
