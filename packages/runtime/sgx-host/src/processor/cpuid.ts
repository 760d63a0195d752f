import { extendedEcx, extendedEdx, leaf1Ecx, leaf1Edx, leaf7Ebx, leaf7Ecx, leaf7Edx, registerOf } from './features.ts';

/** EAX, EBX, ECX and EDX after CPUID, unsigned. */
export type CpuidRegisters = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** Answers CPUID. */
export type Cpuid = (leaf: number, subleaf: number) => CpuidRegisters;

const NOTHING: CpuidRegisters = [0, 0, 0, 0];
const EXTENDED = 0x8000_0000;

/**
 * What CPUID says on a machine, from Linux's description of its first processor: Node cannot execute CPUID, and enclaves ask their host
 * for it because they cannot on silicon. An enclave believes none of it. Leaves that the description does not tell are zeros, as those
 * beyond the last are.
 *
 * @param text of /proc/cpuinfo
 */
export function cpuidFrom(text: string): Cpuid {
  const lines = new Map<string, string>();
  for (const line of (text.split('\n\n', 1)[0] ?? '').split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) lines.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const number = (name: string): number => Number.parseInt(lines.get(name) ?? '', 10) || 0;
  const features = new Set((lines.get('flags') ?? '').split(' '));
  const [physicalBits = 0, linearBits = 0] = [...(lines.get('address sizes') ?? '').matchAll(/\d+/g)].map(Number);
  const signature = signatureOf(number('cpu family'), number('model'), number('stepping'));
  const topology = (((number('clflush size') / 8) & 0xff) << 8) | ((number('siblings') & 0xff) << 16);
  const leaves = new Map<number, CpuidRegisters>([
    [0, vendorRegisters(Math.max(7, number('cpuid level')), lines.get('vendor_id') ?? '')],
    [1, [signature, topology >>> 0, registerOf(features, leaf1Ecx), registerOf(features, leaf1Edx)]],
    [7, [0, registerOf(features, leaf7Ebx), registerOf(features, leaf7Ecx), registerOf(features, leaf7Edx)]],
    [EXTENDED, [EXTENDED + 8, 0, 0, 0]],
    [EXTENDED + 1, [0, 0, registerOf(features, extendedEcx), registerOf(features, extendedEdx)]],
    [EXTENDED + 8, [(physicalBits & 0xff) | ((linearBits & 0xff) << 8), 0, 0, 0]],
  ]);
  // Of these leaves only 7 has subleaves, and of those only the first is told.
  return (leaf, subleaf) => (leaf === 7 && subleaf !== 0 ? NOTHING : (leaves.get(leaf) ?? NOTHING));
}

/** SDM vol. 2A, CPUID, figure 3-6. */
function signatureOf(family: number, model: number, stepping: number): number {
  const [baseFamily, extendedFamily] = [Math.min(family, 15), Math.max(0, family - 15) & 0xff];
  return (
    ((extendedFamily << 20) |
      (((model >> 4) & 0xf) << 16) |
      (baseFamily << 8) |
      ((model & 0xf) << 4) |
      (stepping & 0xf)) >>>
    0
  );
}

function vendorRegisters(level: number, vendor: string): CpuidRegisters {
  const bytes = new TextEncoder().encode(vendor.slice(0, 12).padEnd(12));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [level, view.getUint32(0, true), view.getUint32(8, true), view.getUint32(4, true)];
}
