import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How much protected memory the processor has, and who says so. */
export interface EpcSize {
  readonly sizeBytes: bigint;
  readonly source: 'configuration' | 'sysfs' | 'cpuid';
}

export interface EpcOptions {
  /** Taken as it is, where it is given. */
  readonly configuredBytes?: bigint | undefined;
  /** /sys/devices/system/node */
  readonly nodesFolder: string;
  /** /dev/cpu/0/cpuid: root reads it, where the module `cpuid` is loaded. */
  readonly cpuidPath: string;
}

/** @returns undefined where it is not reported. */
export async function readEpcSize({
  configuredBytes,
  nodesFolder,
  cpuidPath,
}: EpcOptions): Promise<EpcSize | undefined> {
  if (configuredBytes !== undefined) return { sizeBytes: configuredBytes, source: 'configuration' };
  const fromNodes = await sumOfNodes(nodesFolder);
  if (fromNodes > 0n) return { sizeBytes: fromNodes, source: 'sysfs' };
  const fromCpuid = await sumOfSections(cpuidPath).catch(() => 0n);
  return fromCpuid > 0n ? { sizeBytes: fromCpuid, source: 'cpuid' } : undefined;
}

/** Linux 5.17 and later: Documentation/ABI/stable/sysfs-devices-node, `x86/sgx_total_size`, in bytes. */
async function sumOfNodes(folder: string): Promise<bigint> {
  const nodes = (await readdir(folder).catch(() => [])).filter((name) => /^node\d+$/.test(name));
  const texts = await Promise.all(
    nodes.map(async (node) => readFile(join(folder, node, 'x86/sgx_total_size'), 'utf8').catch(() => '')),
  );
  return texts
    .map((text) => text.trim())
    .filter((text) => /^\d{1,19}$/.test(text))
    .reduce((sum, text) => sum + BigInt(text), 0n);
}

const sgxLeaf = 0x12;
const firstSection = 2;
/** The subleaf is above the leaf in the position. */
const subleaf = 2 ** 32;
/** Far above what processors have; an endless file is not CPUID. */
const maxSections = 64;

/** CPUID leaf 12H, subleaves from 2 on (SDM Vol. 3D, 35.1.2, Table 35-6). The file takes the leaf as its position (cpuid(4)). */
async function sumOfSections(path: string): Promise<bigint> {
  const file = await open(path, 'r');
  try {
    let sum = 0n;
    for (let section = firstSection; section < firstSection + maxSections; section += 1) {
      const registers = Buffer.alloc(16);
      const { bytesRead } = await file.read({ buffer: registers, position: section * subleaf + sgxLeaf });
      const size = bytesRead === registers.length ? sectionSize(registers) : undefined;
      if (size === undefined) break;
      sum += size;
    }
    return sum;
  } finally {
    await file.close();
  }
}

/**
 * @param registers EAX, EBX, ECX and EDX, little-endian
 * @returns bytes of one section; undefined when the list has ended.
 */
export function sectionSize(registers: Buffer): bigint | undefined {
  const [eax, ecx, edx] = [0, 8, 12].map((at) => BigInt(registers.readUInt32LE(at))) as [bigint, bigint, bigint];
  // EAX[3:0]: 0: there is no section, 1: there is one; ECX[31:12] and EDX[19:0] are the size.
  if ((eax & 0xfn) !== 1n) return undefined;
  return (ecx & 0xffff_f000n) | ((edx & 0xf_ffffn) << 32n);
}
