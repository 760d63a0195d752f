import { EnclosError } from '@enclos/errors';
import type { JsonFields } from '../../json/json-fields.ts';
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

/** The levels, the highest first. QVL refuses two that are equal, and so does this. @throws a CODEC error. */
export function readEnclaveLevels(fields: JsonFields): readonly EnclaveTcbLevel[] {
  const levels = fields.objects('tcbLevels', 1, maximumLevels).map(readLevel);
  levels.sort((a, b) => b.isvSvn - a.isvSvn);
  if (levels.some((level, index) => levels[index - 1]?.isvSvn === level.isvSvn)) {
    throw new EnclosError('CODEC_INVALID', 'Identity: two TCB levels are equal.');
  }
  return Object.freeze(levels);
}

function readLevel(level: JsonFields): EnclaveTcbLevel {
  const tcbStatus = level.string('tcbStatus', 64);
  if (!isEnclaveStatus(tcbStatus)) {
    throw new EnclosError('CODEC_INVALID', 'Identity: tcbStatus is not a status of an enclave.');
  }
  return Object.freeze({
    isvSvn: level.object('tcb').integer('isvsvn', 65_535),
    tcbDate: level.date('tcbDate'),
    status: enclaveStatuses[tcbStatus],
    advisoryIds: level.optionalStrings('advisoryIDs', 256, 64),
  });
}

function isEnclaveStatus(status: string): status is keyof typeof enclaveStatuses {
  return Object.hasOwn(enclaveStatuses, status);
}
