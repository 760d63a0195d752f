import { PT_TLS, type ElfSection, type Segment } from '@enclos/elf';
import { PAGE_SIZE } from '@enclos/sgx';

import { maxEnclaveBytes } from '../pages/size.ts';
import { refuse } from '../refusals.ts';
import { propertiesSizes, type Properties } from './properties.ts';

/** What the loader tells the enclave of the variables of its threads. */
export interface ThreadVariables {
  /** Each thread has so many. */
  readonly pages: number;
  /** The symbols that it fills, by name. */
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** @throws ENCLAVE_FILE_INVALID */
export function readThreadVariables(
  sections: readonly ElfSection[],
  segments: readonly Segment[],
  { sizeBytes }: Properties,
): ThreadVariables {
  const [data, zeros] = ['.tdata', '.tbss'].map((wanted) => sections.find(({ name }) => name === wanted));
  const segment = segments.find(({ type }) => type === PT_TLS);
  if (segment !== undefined && (data?.memoryBytes ?? 0n) !== segment.sizeBytes) {
    refuse('its section and its segment of variables of threads differ.');
  }
  const symbols = new Map<string, bigint>();
  let bytes = 0n;
  if (data !== undefined && data.memoryBytes > 0n) {
    // lld aligns the segment and not the section; since 0.17.1 the loader goes by the segment.
    const hasSegmentAlign = sizeBytes === propertiesSizes.latest && segment?.address === data.address;
    const align = hasSegmentAlign ? segment.align : data.align;
    bytes += roundUp(data.memoryBytes, align);
    symbols.set('_tdata_rva', data.address).set('_tdata_size', data.memoryBytes).set('_tdata_align', align);
  }
  if (zeros !== undefined && zeros.memoryBytes > 0n) {
    bytes += roundUp(zeros.memoryBytes, zeros.align);
    symbols.set('_tbss_size', zeros.memoryBytes).set('_tbss_align', zeros.align);
  }
  return { pages: Math.ceil(Number(bytes) / PAGE_SIZE), symbols };
}

function roundUp(bytes: bigint, align: bigint): bigint {
  if (align < 1n || align > BigInt(PAGE_SIZE) || bytes > BigInt(maxEnclaveBytes)) {
    refuse('its variables of threads have a size or an alignment that no enclave has.');
  }
  return ((bytes + align - 1n) / align) * align;
}
