import { EnclosError } from '@enclos/errors';
import type { AzureStepId } from './steps.ts';

/** Why the evidence of an Azure VM is refused. */
export type AzureRefusalStatus =
  | 'VTPM_DOCUMENT_UNSUPPORTED_FORMAT'
  | 'VTPM_HCL_UNSUPPORTED_FORMAT'
  | 'VTPM_HARDWARE_MISMATCH'
  | 'VTPM_NOT_PARAVISOR'
  | 'VTPM_RUNTIME_DATA_MISMATCH'
  | 'VTPM_RUNTIME_DATA_UNSUPPORTED_FORMAT'
  | 'VTPM_QUOTE_UNSUPPORTED_FORMAT'
  | 'VTPM_INVALID_QUOTE_SIGNATURE'
  | 'VTPM_PCR_MISMATCH';

/** @throws EVIDENCE_REFUSED always. */
export function refuseAzure(step: AzureStepId, status: AzureRefusalStatus, message: string, cause?: unknown): never {
  throw new EnclosError('EVIDENCE_REFUSED', message, { details: { step, status }, cause });
}
