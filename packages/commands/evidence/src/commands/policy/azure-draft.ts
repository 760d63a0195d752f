import { parseAzureDocument, parseAzurePolicy, type SnpProduct } from '@enclos/attestation';
import { toHex } from '@enclos/codec';
import { tdQuoteOf } from '@enclos/evidence/verify';
import { draftOfQuote, type PolicyDraft } from './draft.ts';
import { draftOfReport } from './snp-draft.ts';

const machineNotes = [
  'A machine with a serial console, or without secure boot, is refused: see allowConsole and requireSecureBoot.',
  'All PCRs are in the policy. Leave out those that differ from boot to boot in yours: often 10, 16 and 23.',
];

/**
 * From the unverified evidence of an Azure VM: the draft accepts exactly its claims.
 * @throws EVIDENCE_REFUSED for a document that cannot be read, and what drafts of the hardware's evidence throw.
 */
export function draftOfAzure(bytes: Uint8Array, product: SnpProduct | undefined): PolicyDraft {
  const document = parseAzureDocument(bytes);
  const { policy: hardware, notes } =
    document.hardware === 'tdx'
      ? draftOfQuote(tdQuoteOf(document), { by: 'measurement' })
      : draftOfReport(document.report, product);
  const rules = parseAzurePolicy({
    $schema: './node_modules/@enclos/attestation/schema/azure-policy.schema.json',
    tee: 'azure-vtpm',
    pcrs: Object.fromEntries(document.tpmQuote.pcrs.map((value, number) => [number, [toHex(value)]])),
    requireSecureBoot: true,
    hardware: hardware.rules,
  });
  return { policy: { kind: 'azure', rules }, notes: [...notes, ...machineNotes] };
}
