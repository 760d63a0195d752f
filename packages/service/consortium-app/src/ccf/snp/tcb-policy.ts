import { decodeTcb, productOfCpuid } from '@enclos/attestation';
import { fromHex } from '@enclos/codec';

import { outOfRange } from '../../session/failures.ts';

const tcbBytes = 8;
const hexOf = (bytes: number) => new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`);

/**
 * The components of a TCB version in hex, as `public:ccf.gov.nodes.snp.tcb_versions` holds them, in JSON. The version is a number
 * in hex, and so is what CPUID function 1 gives in EAX: `00a00f11` is a Milan.
 */
export function tcbPolicyJson(cpuid: string, tcb: string): string {
  if (!hexOf(4).test(cpuid)) throw outOfRange('CPUID could not be parsed');
  if (!hexOf(tcbBytes).test(tcb)) throw outOfRange('TCB could not be parsed from hex_str');
  const product = productOfCpuid(processorOf(Number.parseInt(cpuid, 16)));
  if (product === undefined) throw outOfRange(`The CPUID ${cpuid} is that of no processor with SEV-SNP that is known.`);
  const decoded = decodeTcb(product, fromHex(tcb).toReversed());
  if (decoded === undefined) throw outOfRange(`The TCB version ${tcb} has bits that ${product} reserves.`);
  const { bootloader, tee, snp, microcode, fmc } = decoded;
  const components = { boot_loader: bootloader, ...(fmc === undefined ? {} : { fmc }), microcode, snp, tee };
  return JSON.stringify({ ...components, hexstring: tcb.toLowerCase() });
}

/** AMD64 Architecture Programmer's Manual, volume 3, CPUID Fn0000_0001_EAX. */
function processorOf(eax: number) {
  const base = (eax >>> 8) & 0xf;
  const family = base === 0xf ? base + ((eax >>> 20) & 0xff) : base;
  const model = (((eax >>> 16) & 0xf) << 4) | ((eax >>> 4) & 0xf);
  return { family, model, stepping: eax & 0xf };
}
