import type { AzureDocument } from '@enclos/attestation';
import { quoteLength } from '../recognise/binary-forms.ts';

export interface QuoteSubject {
  readonly form: 'quote';
  readonly bytes: Uint8Array;
}

export interface SnpSubject {
  readonly form: 'snp-report';
  readonly bytes: Uint8Array;
}

export interface AzureSubject {
  readonly form: 'azure-evidence';
  readonly document: AzureDocument;
}

/** Evidence of the hardware, as it is verified by itself. */
export type HardwareEvidence = QuoteSubject | SnpSubject;

/** What is verified: evidence of the hardware, or of an Azure VM, in which that of its hardware is. */
export type Subject = HardwareEvidence | AzureSubject;

/** Azure hands the TD quote out in a larger buffer. */
export function tdQuoteOf({ tdQuote }: Extract<AzureDocument, { hardware: 'tdx' }>): Uint8Array {
  return tdQuote.subarray(0, quoteLength(tdQuote));
}
