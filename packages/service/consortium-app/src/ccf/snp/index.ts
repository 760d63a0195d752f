import { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, parseSnpCollateral, type SnpRoot } from '@enclos/attestation';
import { verifySnpReportSync } from '@enclos/attestation/node';
import { toHex } from '@enclos/codec';
import { findPemBlocks, toPem } from '@enclos/codec/pem';

import type { Extension } from '../../session/extension.ts';
import { messageOf, needBytes, needText } from '../../session/values.ts';
import { outOfRange } from '../../session/failures.ts';
import { snpPrelude } from './prelude.ts';
import { tcbPolicyJson } from './tcb-policy.ts';

const amdRoots = [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT];
const maxCertificates = 4;
const reportedTcb = { start: 0x180, end: 0x188 };

/** Reports of AMD SEV-SNP, over the verifier of attestation evidence. */
export const snp: Extension = {
  prelude: snpPrelude,
  host: ({ services }) => ({
    snpTcbPolicy: (cpuid, tcb) => tcbPolicyJson(needText(cpuid), needText(tcb)),
    snpVerify: (report, endorsements, uvmEndorsements, tcb) => {
      if (uvmEndorsements !== undefined) {
        throw outOfRange('Endorsements of utility VMs are not verified by this service.');
      }
      const endorsed = tcb === undefined ? undefined : needText(tcb);
      const roots = services.snpRoots ?? amdRoots;
      verify(needBytes(report), { endorsements: needBytes(endorsements), endorsedTcb: endorsed, roots });
    },
  }),
};

interface Endorsement {
  /** The certificates of the key that signed, in PEM, the key's own first. */
  readonly endorsements: Uint8Array;
  readonly endorsedTcb: string | undefined;
  readonly roots: readonly SnpRoot[];
}

function verify(report: Uint8Array, { endorsements, endorsedTcb, roots }: Endorsement): void {
  try {
    const pem = Buffer.from(endorsements).toString('latin1');
    const certificates = findPemBlocks(pem, maxCertificates).map(({ label, bytes }) => toPem(label, bytes));
    const [signingKeyCertificate = '', ...authorities] = certificates;
    const collateral = parseSnpCollateral({ signingKeyCertificate, certificateChain: authorities.join('') });
    verifySnpReportSync(report, collateral, { roots, now: new Date() });
  } catch (error) {
    throw outOfRange(messageOf(error));
  }
  // A number in hex, as AMD's key service and `set_snp_minimum_tcb_version_hex` write it; the report has it from its last byte on.
  const reported = toHex(report.slice(reportedTcb.start, reportedTcb.end).reverse());
  if (endorsedTcb !== undefined && endorsedTcb.toLowerCase() !== reported) {
    throw outOfRange(`The endorsed TCB version ${endorsedTcb} is not that of the report, ${reported}.`);
  }
}
