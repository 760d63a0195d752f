import { parsePolicy, type SnpProduct, type SnpTcb } from '@enclos/attestation';
import { isZero, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { amdRoots, snpReportBytes } from '@enclos/evidence';
import { withKind } from '../../evidence/appraisal-policy.ts';
import { schema, unverified, type PolicyDraft } from './draft.ts';

/** Where the report has what a policy is about (AMD document 56860, ATTESTATION_REPORT). */
const at = {
  guestSvn: 0x04,
  policy: 0x08,
  vmpl: 0x30,
  flags: 0x48,
  measurement: 0x90,
  hostData: 0xc0,
  family: 0x188,
} as const;
/** Current, reported, committed, launch. */
const tcbOffsets = [0x38, 0x180, 0x1e0, 0x1f0];
const tcbBytes: Readonly<Record<'turin' | 'other', Readonly<Partial<Record<keyof SnpTcb, number>>>>> = {
  turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
  other: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
};
const [smtBit, singleSocketBit] = [16n, 20n];
/** Bits of the guest policy that a policy refuses unless it says otherwise. */
const refusedBits = [
  [18n, 'that a migration agent may move'],
  [19n, 'that its host can debug'],
  [21n, 'whose memory may be on CXL devices'],
] as const;

/**
 * From an unverified report: the draft accepts exactly its claims.
 * @throws CLI_USAGE when the product is not known, or the provider of a VLEK; EVIDENCE_REFUSED for a report that is cut off.
 */
export function draftOfReport(report: Uint8Array, given: SnpProduct | undefined): PolicyDraft {
  if (report.length < snpReportBytes) {
    throw new EnclosError('EVIDENCE_REFUSED', 'The report is cut off.', {
      details: { step: 'snp-report-format', status: 'SNP_REPORT_UNSUPPORTED_FORMAT' },
    });
  }
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const product = productOf(view) ?? given;
  if (product === undefined) refuse('The report does not name its product: give --product.');
  if (((view.getUint32(at.flags, true) >> 2) & 7) !== 0) {
    refuse('The report is signed by a VLEK: write its policy by hand, with the provider in cspIds.');
  }
  const flags = view.getBigUint64(at.policy, true);
  const has = (bit: bigint): boolean => (flags & (1n << bit)) !== 0n;
  const hostData = report.subarray(at.hostData, at.hostData + 32);
  const rules = parsePolicy({
    tee: 'sev-snp',
    $schema: schema,
    measurements: [toHex(report.subarray(at.measurement, at.measurement + 48))],
    minimumGuestSvn: view.getUint32(at.guestSvn, true),
    vmpl: view.getUint32(at.vmpl, true),
    roots: amdRoots.filter((root) => root.product === product).map(({ fingerprint }) => fingerprint),
    signingKeys: ['VCEK'],
    minimumTcb: { [product]: lowestTcb(report, product) },
    allowSmt: has(smtBit),
    allowMultipleSockets: !has(singleSocketBit),
    // What the host gives at launch is not in the measurement; zeros are what it gives when it gives nothing.
    ...(isZero(hostData) ? {} : { hostData: [toHex(hostData)] }),
  });
  const refused = refusedBits
    .filter(([bit]) => has(bit))
    .map(([, what]) => `The report is of a guest ${what}, which this policy refuses.`);
  return { policy: withKind(rules), notes: [unverified, ...refused] };
}

function refuse(message: string): never {
  throw new EnclosError('CLI_USAGE', message);
}

/** From version 3 on, by CPUID. */
function productOf(view: DataView): SnpProduct | undefined {
  if (view.getUint32(0, true) < 3) return undefined;
  const [family, model] = [view.getUint8(at.family), view.getUint8(at.family + 1)];
  if (family === 0x1a) return 'Turin';
  if (family !== 0x19) return undefined;
  return model <= 0x0f ? 'Milan' : 'Genoa';
}

/** All four TCBs of a report must reach the minimum, so that of this one the lowest is it. */
function lowestTcb(report: Uint8Array, product: SnpProduct): Readonly<Record<string, number>> {
  const layout = tcbBytes[product === 'Turin' ? 'turin' : 'other'];
  return Object.fromEntries(
    Object.entries(layout).map(([component, byte]) => [
      component,
      Math.min(...tcbOffsets.map((offset) => report[offset + byte] ?? 0)),
    ]),
  );
}
