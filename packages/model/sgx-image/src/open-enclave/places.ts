import { viewOf } from '@enclos/codec';
import { PAGE_SIZE, PageFlags } from '@enclos/sgx';

import { zeros, type Region } from '../pages/region.ts';
import { refuse } from '../refusals.ts';

/** Where everything goes: image, relocations, heap, and the threads one after the other. */
export interface Places {
  readonly imageBytes: number;
  /** Whole pages. */
  readonly relocations: Uint8Array;
  readonly heapPages: number;
  readonly stackPages: number;
  /** For the variables of each thread. */
  readonly variablePages: number;
  readonly threads: number;
  readonly entry: number;
  readonly sizeBytes: number;
}

const guardPages = 1;
const ssaPages = 2;
const readWrite = PageFlags.REG | PageFlags.R | PageFlags.W;

/** Guard, stack, guard, TCS, two SSA frames, guard, the variables of the thread, thread data. */
export function threadPages({ stackPages, variablePages }: Pick<Places, 'stackPages' | 'variablePages'>): number {
  return guardPages + stackPages + guardPages + 1 + ssaPages + guardPages + variablePages + 1;
}

/** The regions after the image. @throws ENCLAVE_FILE_INVALID */
export function addedRegions(places: Places): readonly Region[] {
  const { imageBytes, relocations, heapPages, threads } = places;
  const relocationPages = relocations.length / PAGE_SIZE;
  const heapAt = imageBytes + relocations.length;
  const threadsAt = heapAt + heapPages * PAGE_SIZE;
  if (threads > maxThreads) refuse(`it has more than ${maxThreads} threads.`);
  const read = (page: number, count: number): Uint8Array =>
    relocations.subarray(page * PAGE_SIZE, (page + count) * PAGE_SIZE);
  const fixed: Region[] = [
    {
      offset: imageBytes,
      pages: relocationPages,
      flags: PageFlags.REG | PageFlags.R,
      measured: true,
      content: { kind: 'read', read },
    },
    { offset: heapAt, pages: heapPages, flags: readWrite, measured: false, content: zeros },
  ];
  const each = Array.from({ length: threads }, (_, index) =>
    threadRegions(threadsAt + index * threadPages(places) * PAGE_SIZE, places),
  );
  return [...fixed, ...each.flat()].filter(({ pages }) => pages > 0);
}

/** Far more than the SDK's own bound of 32 (OE_SGX_MAX_TCS). The regions of all are made before a signature is seen. */
const maxThreads = 2048;
const stackPage = new Uint8Array(PAGE_SIZE).fill(0xcc);

function threadRegions(start: number, { stackPages, variablePages, entry }: Places): readonly Region[] {
  const stackAt = start + guardPages * PAGE_SIZE;
  const tcsAt = stackAt + (stackPages + guardPages) * PAGE_SIZE;
  const variablesAt = tcsAt + (1 + ssaPages + guardPages) * PAGE_SIZE;
  const threadDataAt = variablesAt + variablePages * PAGE_SIZE;
  // Made when it is asked for: a file may claim thousands of threads.
  const read = (): Uint8Array => tcsPage({ ssaAt: tcsAt + PAGE_SIZE, entry, segmentsAt: threadDataAt });
  const common = { flags: readWrite, measured: true } as const;
  return [
    { ...common, offset: stackAt, pages: stackPages, content: { kind: 'same', page: stackPage } },
    { offset: tcsAt, pages: 1, flags: PageFlags.TCS, measured: true, content: { kind: 'read', read } },
    { ...common, offset: tcsAt + PAGE_SIZE, pages: ssaPages, content: zeros },
    { ...common, offset: variablesAt, pages: variablePages + 1, content: zeros },
  ];
}

/** SDM vol. 3D, 35.8. FS and GS point to the thread data, without a limit. */
function tcsPage(at: { readonly ssaAt: number; readonly entry: number; readonly segmentsAt: number }): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = viewOf(page);
  view.setBigUint64(16, BigInt(at.ssaAt), true);
  view.setUint32(28, ssaPages, true);
  view.setBigUint64(32, BigInt(at.entry), true);
  view.setBigUint64(48, BigInt(at.segmentsAt), true);
  view.setBigUint64(56, BigInt(at.segmentsAt), true);
  view.setUint32(64, 0xffff_ffff, true);
  view.setUint32(68, 0xffff_ffff, true);
  return page;
}
