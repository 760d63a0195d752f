import {
  azureStepResults,
  parseAzureDocument,
  verifyAzureSnp,
  verifyAzureTdx,
  verifyQuote,
  type AzureDocument,
} from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { endorsementsOf, missingOf } from './check-quote.ts';
import { amdEndorsementsOf, missingOfAmd, verifySnp } from './check-snp.ts';
import type { Request, Verification } from './outcome.ts';
import { verified } from './verifying.ts';

type DocumentOn<Hardware> = Extract<AzureDocument, { hardware: Hardware }>;

/** All of an Azure VM: its hardware, its paravisor, the quote of its TPM and the PCRs. */
export async function verifyMachine(request: Request): Promise<Verification> {
  let document;
  try {
    document = parseAzureDocument(request.evidence?.bytes ?? new Uint8Array());
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED')) throw error;
    return { kind: 'refused', error, steps: azureStepResults(undefined, error) };
  }
  return document.hardware === 'tdx' ? onTdx(document, request) : onSnp(document, request);
}

async function onTdx(document: DocumentOn<'tdx'>, request: Request): Promise<Verification> {
  const { roots, now } = request;
  const endorsements = endorsementsOf(request);
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (endorsements === undefined || roots.length === 0) return { kind: 'waiting', missing: missingOf(request) };
  const { tdQuote } = document;
  // Azure hands the quote out in a larger buffer.
  const given = { roots, now, allowTrailingBytes: true };
  return verified(
    () => verifyAzureTdx(document, { tdQuote, verifyTdQuote: (quote) => verifyQuote(quote, endorsements, given) }),
    (refusal) => azureStepResults('tdx', refusal),
  );
}

async function onSnp(document: DocumentOn<'sev-snp'>, request: Request): Promise<Verification> {
  const { amdRoots: roots, now } = request;
  const { signingKeyCertificate: leaf } = document;
  // What was dropped beside the evidence goes before what came with it.
  const amd = { ...request.amd, leaf: request.amd.leaf ?? leaf };
  const endorsements = amdEndorsementsOf(amd);
  if (isEnclosError(endorsements)) return { kind: 'malformed', error: endorsements };
  if (endorsements === undefined || roots.length === 0) {
    return { kind: 'waiting', missing: missingOfAmd({ amd, amdRoots: roots }) };
  }
  return verified(
    () => verifyAzureSnp(document, endorsements, { roots, now }),
    (refusal) => azureStepResults('sev-snp', refusal),
  );
}

const hardwareReport = { start: 0x20, end: 0x20 + 1184 };
const tdReportType = 0x81;

/** An HCL report alone: of SEV-SNP the report in it can be verified, of TDX nothing. */
export async function verifyHclReport(request: Request): Promise<Verification> {
  const bytes = request.evidence?.bytes.subarray(hardwareReport.start, hardwareReport.end) ?? new Uint8Array();
  if (bytes[0] === tdReportType) return { kind: 'waiting', missing: ['machine'] };
  return verifySnp({ ...request, evidence: { kind: 'snp-report', bytes } });
}
