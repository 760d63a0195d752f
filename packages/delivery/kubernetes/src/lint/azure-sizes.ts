/** A family of Azure sizes that ends, with the pages that say so. */
export interface EndingSize {
  readonly family: string;
  readonly pattern: RegExp;
  /** From this day no node of it can be had. */
  readonly retires: string;
  /** From this day only subscriptions that use it already can have more. */
  readonly closes?: string;
}

/**
 * Dates of Microsoft's retirement guides and of its table of previous
 * generations (azure-compute-docs, sizes/retirement). For the last family the
 * guide says 2026-08-01 and the table 2026-09-01: the later one is taken.
 */
export const endingSizes: readonly EndingSize[] = Object.freeze([
  { family: 'DCsv2', pattern: /^Standard_DC\d{1,3}s_v2$/i, retires: '2026-06-30' },
  {
    family: 'DCsv3 and DCdsv3',
    pattern: /^Standard_DC\d{1,3}d?s_v3$/i,
    retires: '2029-10-31',
    closes: '2026-11-01',
  },
  { family: 'DCas_cc_v5 and ECas_cc_v5', pattern: /^Standard_[DE]C\d{1,3}ad?s_cc_v5$/i, retires: '2026-09-01' },
]);

/** GiB of EPC by the count of vCPUs: DCsv3 and DCdsv3 (dcsv3-series.md), the last sizes with SGX. */
const epcGibibytes: Readonly<Record<string, number>> = { 1: 4, 2: 8, 4: 16, 8: 32, 16: 64, 24: 128, 32: 192, 48: 256 };

/** Bytes of EPC that a node of this size has; undefined for sizes without SGX. */
export function epcBytesOfSize(size: string): bigint | undefined {
  const count = /^Standard_DC(\d{1,3})d?s_v3$/i.exec(size)?.[1];
  const gibibytes = count === undefined ? undefined : epcGibibytes[count];
  return gibibytes === undefined ? undefined : BigInt(gibibytes) * 1024n ** 3n;
}
