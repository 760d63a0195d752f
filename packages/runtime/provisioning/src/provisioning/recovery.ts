import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { addFile } from './folder.ts';
import { requireRise } from './tcb.ts';
import { openVendor, refreshVendor, requireExpressible, type OpenedVendor, type Vendor } from './vendor.ts';
import { generationFile, serializeGeneration } from './vendor-content.ts';

export interface PublishTcbOptions {
  /** CPUSVN bytes 0 to 14 of the new current level. */
  readonly components: Uint8Array;
  /** Unchanged when absent. */
  readonly pceSvn?: number;
  readonly now: Date;
}

/**
 * A TCB recovery: raises the current level under the next evaluation number.
 * Machines below it become OutOfDate until their CPUSVN is raised and they are
 * enrolled again. Publish first: a vendor certifies nothing above its current
 * level.
 *
 * @throws TCB_REFUSED when the level is not above the current one, or another publication came first.
 */
export async function publishTcb(vendor: Pick<OpenedVendor, 'folder'>, options: PublishTcbOptions): Promise<Vendor> {
  const current = await openVendor(vendor.folder);
  const previous = current.generations.at(-1);
  if (previous === undefined || options.components.length !== 15) {
    throw new EnclosError('TCB_REFUSED', 'A TCB level has 15 component bytes.');
  }
  const generation = {
    tcbEvaluationDataNumber: previous.tcbEvaluationDataNumber + 1,
    components: toHex(options.components),
    pceSvn: options.pceSvn ?? previous.pceSvn,
    tcbDate: options.now,
  };
  requireRise(previous, generation);
  await requireExpressible(current, { generations: [...current.generations, generation] }, options.now);
  const path = join(current.folder, generationFile(generation.tcbEvaluationDataNumber));
  if (!(await addFile(path, serializeGeneration(generation)))) {
    throw new EnclosError('TCB_REFUSED', 'Another TCB level was published at the same time.');
  }
  return refreshVendor(current, options.now);
}
