import { EnclosError } from '@enclos/errors';
import { integer, isoDate, type JsonRecord, string, strings } from '@enclos/codec/json';
import { enclaveStatuses, type EnclaveStatus } from './tcb-status.ts';

/** A TCB level of an enclave, or of a TDX module, which has the same form. */
export interface EnclaveTcbLevel {
  readonly isvSvn: number;
  /** 2024-03-13T00:00:00Z */
  readonly tcbDate: string;
  readonly status: EnclaveStatus;
  readonly advisoryIds: readonly string[];
}

const maximumLevels = 256;
const isvSvn = integer(0, 65_535);
/** The status of every level, of platforms and of enclaves. */
export const statusName = string(64);
export const advisoryIds = strings(256, 64);
/** The advisories of a level that names none. */
export const none: readonly string[] = Object.freeze([]);

/** The levels, the highest first. QVL refuses two that are equal, and so does this. @throws a CODEC error. */
export function readEnclaveLevels(fields: JsonRecord): readonly EnclaveTcbLevel[] {
  const levels = fields.records('tcbLevels', 1, maximumLevels).map(readLevel);
  levels.sort((a, b) => b.isvSvn - a.isvSvn);
  if (levels.some((level, index) => levels[index - 1]?.isvSvn === level.isvSvn)) {
    throw new EnclosError('CODEC_INVALID', 'Identity: two TCB levels are equal.');
  }
  return Object.freeze(levels);
}

function readLevel(level: JsonRecord): EnclaveTcbLevel {
  const tcbStatus = level.required('tcbStatus', statusName);
  if (!isEnclaveStatus(tcbStatus)) {
    throw new EnclosError('CODEC_INVALID', 'Identity: tcbStatus is not a status of an enclave.');
  }
  return Object.freeze({
    isvSvn: level.record('tcb').required('isvsvn', isvSvn),
    tcbDate: level.required('tcbDate', isoDate),
    status: enclaveStatuses[tcbStatus],
    advisoryIds: level.optional('advisoryIDs', advisoryIds) ?? none,
  });
}

function isEnclaveStatus(status: string): status is keyof typeof enclaveStatuses {
  return Object.hasOwn(enclaveStatuses, status);
}
