import { AMD_GENOA_ROOT, AMD_MILAN_ROOT, AMD_TURIN_ROOT, parseSnpCollateral, type SnpRoot } from '@enclos/attestation';
import { verifySnpReportSync } from '@enclos/attestation/node';
import { toHex } from '@enclos/codec';
import { findPemBlocks, toPem } from '@enclos/codec/pem';

import type { UvmRoot } from '../../context.ts';
import type { Extension } from '../../session/extension.ts';
import { messageOf, needBytes, needText } from '../../session/values.ts';
import { outOfRange } from '../../session/failures.ts';
import { snpPrelude } from './prelude.ts';
import { tcbPolicyJson } from './tcb-policy.ts';
import { defaultUvmRoots, verifyUvmEndorsement } from './uvm-endorsements.ts';

const amdRoots = [AMD_MILAN_ROOT, AMD_GENOA_ROOT, AMD_TURIN_ROOT];
/** VCEK, ASK and ARK. */
const certificateCount = 3;
const endOfCertificate = 'END CERTIFICATE-----';
const reportBytes = 1184;
const maxEndorsementsBytes = 65_536;
const measurementField = { start: 0x90, end: 0xc0 };
const reportedTcb = { start: 0x180, end: 0x188 };

/** Reports of AMD SEV-SNP, over the verifier of attestation evidence. */
export const snp: Extension = {
  takesLong: true,
  prelude: snpPrelude,
  host: ({ services }) => ({
    snpTcbPolicy: (cpuid, tcb) => tcbPolicyJson(needText(cpuid), needText(tcb)),
    snpVerify: (report, endorsements, uvmEndorsements, tcb) => {
      const endorsedTcb = tcb === undefined ? undefined : needText(tcb);
      const roots = services.snpRoots ?? amdRoots;
      const verified = needBytes(report);
      verify(verified, { endorsements: needBytes(endorsements), endorsedTcb, roots });
      if (uvmEndorsements === undefined) return undefined;
      const measurement = toHex(verified.subarray(measurementField.start, measurementField.end));
      return endorsementJson(needBytes(uvmEndorsements), measurement, services.uvmRoots ?? defaultUvmRoots);
    },
  }),
};

interface Endorsement {
  /** The certificates of the key that signed, in PEM, the key's own first. */
  readonly endorsements: Uint8Array;
  readonly endorsedTcb: string | undefined;
  readonly roots: readonly SnpRoot[];
}

function endorsementJson(message: Uint8Array, measurement: string, roots: readonly UvmRoot[]): string {
  try {
    return JSON.stringify(verifyUvmEndorsement(message, measurement, roots));
  } catch (error) {
    throw outOfRange(messageOf(error));
  }
}

function verify(report: Uint8Array, { endorsements, endorsedTcb, roots }: Endorsement): void {
  if (endorsements.length > maxEndorsementsBytes) {
    throw outOfRange(`The endorsements have more than ${maxEndorsementsBytes} bytes.`);
  }
  try {
    checkShape(report, endorsements);
    const pem = Buffer.from(endorsements).toString('latin1');
    const certificates = findPemBlocks(pem, certificateCount).map(({ label, bytes }) => toPem(label, bytes));
    const [signingKeyCertificate = '', ...authorities] = certificates;
    const collateral = parseSnpCollateral({ signingKeyCertificate, certificateChain: authorities.join('') });
    verifySnpReportSync(report, collateral, { roots, now: new Date() });
  } catch (error) {
    throw outOfRange(messageOf(error));
  }
  // A number in hex, as AMD's key service and `set_snp_minimum_tcb_version_hex` write it; the report has it from its last byte on.
  const reported = toHex(report.slice(reportedTcb.start, reportedTcb.end).reverse());
  if (endorsedTcb !== undefined && endorsedTcb.toLowerCase() !== reported) {
    throw outOfRange(`SEV-SNP: endorsed TCB ${endorsedTcb.toLowerCase()} does not match reported TCB ${reported}`);
  }
}

/** What CCF asks first, in its words (CCF, src/pal/attestation.cpp): clients of applications read them. */
function checkShape(report: Uint8Array, endorsements: Uint8Array): void {
  if (report.length !== reportBytes) {
    throw new Error(`Input SEV-SNP attestation report is not of expected size ${reportBytes}: ${report.length}`);
  }
  const bytes = Buffer.from(endorsements.buffer, endorsements.byteOffset, endorsements.length);
  let count = 0;
  for (let at = bytes.indexOf(endOfCertificate); at !== -1; at = bytes.indexOf(endOfCertificate, at + 1)) count += 1;
  if (count !== certificateCount) {
    throw new Error(`Expected ${certificateCount} endorsement certificates but got ${count}`);
  }
}
