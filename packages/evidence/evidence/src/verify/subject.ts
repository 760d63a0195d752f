import { parseAzureDocument, type AzureDocument } from '@enclos/attestation';
import { quoteLength } from '../recognise/binary-forms.ts';
import type { EvidenceFound } from '../recognise/found.ts';

/** Evidence of the hardware, as it is verified by itself. */
export interface HardwareEvidence {
  readonly form: 'quote' | 'snp-report';
  readonly bytes: Uint8Array;
}

/** What is verified: evidence of the hardware, or of an Azure VM, in which that of its hardware is. */
export type Subject = HardwareEvidence | { readonly form: 'azure-evidence'; readonly document: AzureDocument };

/** @throws EVIDENCE_REFUSED for a document of an Azure VM that cannot be read. */
export function subjectOf(evidence: EvidenceFound): Subject {
  const { form, bytes } = evidence;
  return form === 'azure-evidence' ? { form, document: parseAzureDocument(bytes) } : { form, bytes };
}

/** What the vendor of the hardware endorses. */
export function hardwareOf(subject: Subject): HardwareEvidence {
  if (subject.form !== 'azure-evidence') return subject;
  const { document } = subject;
  return document.hardware === 'tdx'
    ? { form: 'quote', bytes: tdQuoteOf(document) }
    : { form: 'snp-report', bytes: document.report };
}

/** Azure hands the TD quote out in a larger buffer. */
export function tdQuoteOf({ tdQuote }: Extract<AzureDocument, { hardware: 'tdx' }>): Uint8Array {
  return tdQuote.subarray(0, quoteLength(tdQuote));
}
