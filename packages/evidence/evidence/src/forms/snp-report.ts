import {
  parseSnpCollateral,
  snpVerificationSteps,
  verifySnpReport,
  type SnpCollateral,
  type SnpEndorsements,
  type SnpRoot,
} from '@enclos/attestation';
import { splitSnpReport } from '../recognise/extended-report.ts';
import { snpNodes } from '../explain/snp.ts';
import { trailing } from '../explain/trailing.ts';
import { attempt } from '../recognise/attempt.ts';
import { beginsLikeSnpReport } from '../recognise/binary-forms.ts';
import { describeCertificate } from '../recognise/certificate.ts';
import { unknown, type Finding, type Inner } from '../recognise/finding.ts';
import { snpCollateralOf } from '../verify/snp-collateral.ts';
import type { EvidenceForm, VerifyInputs } from './form.ts';

/** An attestation report of SEV-SNP, alone or extended by a table of certificates. */
export const snpReport: EvidenceForm<'snp-report'> = {
  words: 'an attestation report of SEV-SNP',
  recognise({ bytes }) {
    if (!beginsLikeSnpReport(bytes)) return undefined;
    const { report, certificates } = splitSnpReport(bytes);
    const trailingBytes = certificates.length === 0 ? bytes.length - report.length : 0;
    const inner = certificates.map(({ kind, guid, content }): Inner => {
      const isCertificate = attempt(() => describeCertificate(content)) !== undefined;
      const found: Finding = isCertificate ? { form: 'certificate', der: content, inner: [] } : unknown(content);
      return { at: `certificate table, ${kind === 'other' ? guid : kind.toUpperCase()}`, found };
    });
    return { form: 'snp-report', bytes: report, whole: bytes, trailingBytes, inner };
  },
  explain: ({ bytes, trailingBytes }) => ({
    title: 'SEV-SNP attestation report',
    nodes: [...snpNodes(bytes), ...trailing(trailingBytes)],
  }),
  subject: (bytes) => ({ form: 'snp-report', bytes }),
  hardware: (subject) => subject,
  steps: () => snpVerificationSteps,
  verify: async ({ bytes }, inputs) => verifySnpReport(bytes, ...(await snpArguments(inputs))),
};

/** The endorsements of a report, and the roots to trust for them. */
export async function snpArguments({
  collateral,
  snpCollateral = {},
  amdRoots,
  now,
  carried = [],
}: VerifyInputs): Promise<readonly [SnpEndorsements, { readonly roots: readonly SnpRoot[]; readonly now: Date }]> {
  const roots = await amdRoots();
  // What is missing is for the parser to say.
  const given = { ...snpCollateralOf(collateral, carried), ...snpCollateral };
  return [parseSnpCollateral(given as SnpCollateral), { roots, now }];
}
