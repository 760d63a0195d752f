import type { SnpCpuid } from './report.ts';

/** The processor lines whose reports are understood. Each has its own root key. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin';

export const snpProducts: readonly SnpProduct[] = Object.freeze(['Milan', 'Genoa', 'Turin']);

/** Security versions of a platform's firmware and microcode, 0 to 255 each. */
export interface SnpTcb {
  readonly bootloader: number;
  readonly tee: number;
  readonly snp: number;
  readonly microcode: number;
  /** Only on Turin. */
  readonly fmc?: number;
}

export type SnpTcbComponent = keyof SnpTcb;

/** Byte offsets in TCB_VERSION (document 56860, TCB_VERSION; Turin has another layout). */
const layouts: Readonly<Record<SnpProduct, Readonly<Partial<Record<SnpTcbComponent, number>>>>> = Object.freeze({
  Milan: Object.freeze({ bootloader: 0, tee: 1, snp: 6, microcode: 7 }),
  Genoa: Object.freeze({ bootloader: 0, tee: 1, snp: 6, microcode: 7 }),
  Turin: Object.freeze({ fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 }),
});

/** The components that a product's TCB has. */
export function tcbComponents(product: SnpProduct): readonly SnpTcbComponent[] {
  // The keys of a layout are names of components.
  return Object.keys(layouts[product]) as SnpTcbComponent[];
}

/** The TCB of 8 bytes, or undefined when a byte that the product reserves is not zero. */
export function decodeTcb(product: SnpProduct, bytes: Uint8Array): SnpTcb | undefined {
  const layout = layouts[product];
  const used = new Set(Object.values(layout));
  if (!bytes.every((byte, index) => byte === 0 || used.has(index))) return undefined;
  const at = (component: SnpTcbComponent): number => bytes[layout[component] ?? -1] ?? 0;
  return Object.freeze({
    bootloader: at('bootloader'),
    tee: at('tee'),
    snp: at('snp'),
    microcode: at('microcode'),
    ...(layout.fmc === undefined ? {} : { fmc: at('fmc') }),
  });
}

/** Hardware ids in certificates are this long (document 57230, VCEK certificate). */
export function hardwareIdBytes(product: SnpProduct): number {
  return product === 'Turin' ? 8 : 64;
}

/** The product of a processor by CPUID, or undefined for one that is not known. */
export function productOfCpuid({ family, model }: SnpCpuid): SnpProduct | undefined {
  if (family === 0x19 && model <= 0x0f) return 'Milan';
  if (family === 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf))) return 'Genoa';
  if (family === 0x1a && model <= 0x11) return 'Turin';
  return undefined;
}

/** Lines that AMD certifies under Genoa's root. */
const genoaSiblings: readonly string[] = ['Bergamo', 'Siena'];

/** The product of a certificate's product name: "Milan-B0" ends with a stepping, "Turin" has none. */
export function productOfName(productName: string): SnpProduct | undefined {
  const [line = ''] = productName.split('-');
  if (genoaSiblings.includes(line)) return 'Genoa';
  return snpProducts.find((product) => product === line);
}
