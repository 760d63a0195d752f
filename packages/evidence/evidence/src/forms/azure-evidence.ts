import {
  azureStepResults,
  isAzureDocument,
  parseAzureDocument,
  verifyAzureSnp,
  verifyAzureTdx,
} from '@enclos/attestation';
import { azureNodes } from '../explain/azure.ts';
import { tdQuoteOf } from '../verify/subject.ts';
import type { EvidenceForm } from './form.ts';
import { verifyDcap } from './quote.ts';
import { snpArguments } from './snp-report.ts';

/** The evidence of an Azure VM as one JSON document: HCL report, quote of its vTPM and PCRs. */
export const azureEvidence: EvidenceForm<'azure-evidence'> = {
  words: 'evidence of an Azure VM',
  recognise: ({ bytes, json }) =>
    isAzureDocument(json) ? { form: 'azure-evidence', bytes, whole: bytes, trailingBytes: 0, inner: [] } : undefined,
  explain: ({ bytes }) => ({ title: 'Evidence of an Azure confidential VM', nodes: azureNodes(bytes) }),
  subject: (bytes) => ({ form: 'azure-evidence', document: parseAzureDocument(bytes) }),
  hardware: ({ document }) =>
    document.hardware === 'tdx'
      ? { form: 'quote', bytes: tdQuoteOf(document) }
      : { form: 'snp-report', bytes: document.report },
  steps: (subject) => azureStepResults(subject?.form === 'azure-evidence' ? subject.document.hardware : undefined),
  /** The whole chain, from the vendor of the hardware to the PCRs. */
  async verify({ document }, inputs) {
    if (document.hardware === 'tdx') {
      const tdQuote = tdQuoteOf(document);
      return verifyAzureTdx(document, { tdQuote, verifyTdQuote: (quote) => verifyDcap(quote, inputs) });
    }
    const { signingKeyCertificate: vcek } = document;
    const { carried = [] } = inputs;
    const certificates = vcek === undefined ? carried : [vcek, ...carried];
    return verifyAzureSnp(document, ...(await snpArguments({ ...inputs, carried: certificates })));
  },
};
