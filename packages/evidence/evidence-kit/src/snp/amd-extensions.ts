import { derInteger, derValue, DerTag, utf8 } from '@enclos/codec';
import type { Extension } from '../pki/extensions.ts';
import { snpProducts, type SnpProduct, type SnpTcb } from './product.ts';

const amd = '1.3.6.1.4.1.3704.1';

/** Extensions of a VCEK or VLEK (AMD document 57230, VCEK certificate). */
export const AmdExtensionId = Object.freeze({
  structVersion: `${amd}.1`,
  productName: `${amd}.2`,
  bootloader: `${amd}.3.1`,
  tee: `${amd}.3.2`,
  snp: `${amd}.3.3`,
  microcode: `${amd}.3.8`,
  fmc: `${amd}.3.9`,
  hardwareId: `${amd}.4`,
  cspId: `${amd}.5`,
});

export interface AmdKeyFacts {
  readonly product: SnpProduct;
  readonly tcb: SnpTcb;
  /** For a VCEK. AMD writes it without a DER type around it. */
  readonly hardwareId?: Uint8Array;
  /** For a VLEK: the provider. */
  readonly cspId?: string;
}

const ia5 = (text: string): Uint8Array => derValue(DerTag.IA5_STRING, utf8(text));

export function amdExtensions({ product, tcb, hardwareId, cspId }: AmdKeyFacts): readonly Extension[] {
  const components = ['bootloader', 'tee', 'snp', 'microcode', 'fmc'] as const;
  const { tcbOffsets, productName } = snpProducts[product];
  return [
    { id: AmdExtensionId.structVersion, value: derInteger(product === 'Turin' ? 1 : 0) },
    { id: AmdExtensionId.productName, value: ia5(productName) },
    ...components
      .filter((component) => tcbOffsets[component] !== undefined)
      .map((component) => ({ id: AmdExtensionId[component], value: derInteger(tcb[component] ?? 0) })),
    ...(hardwareId === undefined ? [] : [{ id: AmdExtensionId.hardwareId, value: hardwareId }]),
    ...(cspId === undefined ? [] : [{ id: AmdExtensionId.cspId, value: ia5(cspId) }]),
  ];
}
