/** Processor lines whose reports differ. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin';

/** Security versions of a platform's firmware and microcode. */
export interface SnpTcb {
  readonly bootloader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
  /** Turin only. */
  readonly fmc?: number;
}

export interface ProductFacts {
  /** In the certificate of a key. */
  readonly productName: string;
  readonly cpuid: readonly [family: number, model: number, stepping: number];
  /** The size of the hardware id in certificates; a chip id in reports always has 64 bytes. */
  readonly hardwareIdSizeBytes: number;
  /** Where each component lies in the 8 bytes of a TCB. */
  readonly tcbOffsets: Readonly<Partial<Record<keyof SnpTcb, number>>>;
}

const older = { bootloader: 0, tee: 1, snp: 6, microcode: 7 };

export const snpProducts: Readonly<Record<SnpProduct, ProductFacts>> = Object.freeze({
  Milan: { productName: 'Milan-B0', cpuid: [0x19, 0x01, 1], hardwareIdSizeBytes: 64, tcbOffsets: older },
  Genoa: { productName: 'Genoa-B1', cpuid: [0x19, 0x11, 1], hardwareIdSizeBytes: 64, tcbOffsets: older },
  Turin: {
    productName: 'Turin',
    cpuid: [0x1a, 0x02, 1],
    hardwareIdSizeBytes: 8,
    tcbOffsets: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
  },
});

/** The 8 bytes of a TCB as the product lays them out. */
export function encodeSnpTcb(product: SnpProduct, tcb: SnpTcb): Uint8Array {
  const bytes = new Uint8Array(8);
  const { tcbOffsets } = snpProducts[product];
  for (const component of ['bootloader', 'tee', 'snp', 'microcode', 'fmc'] as const) {
    const offset = tcbOffsets[component];
    if (offset !== undefined) bytes[offset] = tcb[component] ?? 0;
  }
  return bytes;
}
