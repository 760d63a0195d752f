import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { SnpFacts, SnpTcb } from './snp.ts';

/** "SEV Secure Nested Paging Firmware ABI Specification" (AMD 56860), ATTESTATION_REPORT. */
export const snpReportBytes = 1184;
const versions: ReadonlySet<number> = new Set([2, 3, 4, 5]);
const at = { flags: 0x48, reportedTcb: 0x180, family: 0x188, model: 0x189, chipId: 0x1a0 } as const;

/** Which certificate a report is verified with. Version 2 does not name the product. @throws CODEC_INVALID */
export function snpReportFacts(report: Uint8Array, given?: SnpFacts['product']): SnpFacts {
  const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
  const version = view.getUint32(0, true);
  if (!versions.has(version)) throw new EnclosError('CODEC_INVALID', `a report of version ${version} is not known.`);
  const product = version === 2 ? given : productOf(view.getUint8(at.family), view.getUint8(at.model));
  if (product === undefined) {
    throw new EnclosError('CODEC_INVALID', 'the report does not name its product: Milan, Genoa or Turin.');
  }
  const key = (view.getUint32(at.flags, true) >> 2) & 0b111;
  if (key > 1) throw new EnclosError('CODEC_INVALID', 'the report is not signed by a VCEK or a VLEK.');
  if (key === 1) return Object.freeze({ tee: 'snp', product, signingKey: 'vlek' });
  const hwidBytes = product === 'Turin' ? 8 : 64;
  const hwid = report.subarray(at.chipId, at.chipId + hwidBytes);
  if (hwid.every((byte) => byte === 0)) throw new EnclosError('CODEC_INVALID', 'the report hides its chip.');
  const tcb = tcbOf(report.subarray(at.reportedTcb, at.reportedTcb + 8), product);
  return Object.freeze({ tee: 'snp', product, signingKey: 'vcek', chip: Object.freeze({ hwid: toHex(hwid), tcb }) });
}

function productOf(family: number, model: number): SnpFacts['product'] | undefined {
  if (family === 0x1a && model <= 0x1f) return 'Turin';
  if (family !== 0x19) return undefined;
  if (model <= 0x0f) return 'Milan';
  return (model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf) ? 'Genoa' : undefined;
}

/** TCB_VERSION: Turin begins with the FMC. */
function tcbOf(bytes: Uint8Array, product: SnpFacts['product']): SnpTcb {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  const microcode = bytes[7] ?? 0;
  return Object.freeze(
    product === 'Turin'
      ? { fmc: first, bootLoader: second, tee: third, snp: fourth, microcode }
      : { bootLoader: first, tee: second, snp: bytes[6] ?? 0, microcode },
  );
}
