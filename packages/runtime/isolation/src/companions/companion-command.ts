import type { CompanionManifest } from '@enclos/manifest';
import type { IsolationLayer } from '@enclos/tee';
import { enclaveCommand, type EnclaveNeeds } from '../layers/command.ts';
import { layer, type IsolationPlan } from '../layers/plan.ts';

/** What differs between the processes of companions. */
export interface CompanionNeeds extends Pick<EnclaveNeeds, 'user' | 'cgroups'> {
  readonly manifest: Pick<CompanionManifest, 'memoryBytes' | 'threads'>;
}

/** The isolation of a companion: that of an enclave, with its files in the view. @param files its own, and the libraries that they name */
export function companionPlan(plan: IsolationPlan, files: readonly string[]): IsolationPlan {
  return files.length === 0 ? plan : Object.freeze({ ...plan, ...plan.wayWithFiles?.(files) });
}

/** Why no companion runs with this isolation, as a sentence; undefined where they run. */
export function companionsObstacle({ wayWithFiles }: Pick<IsolationPlan, 'wayWithFiles'>): string | undefined {
  if (wayWithFiles !== undefined) return undefined;
  return 'This machine gives no file view, or gives it in a way that takes no further files: see the layer file-view.';
}

/**
 * The command that starts one process of a companion, up to and including its interpreter. What its memory bounds is everything that it
 * can write to: most of it is of native code or of WebAssembly, and no further room is given to a heap of JavaScript.
 */
export function companionCommand(
  plan: IsolationPlan,
  needs: CompanionNeeds,
  interpreterPath: string,
): readonly string[] {
  const { memoryBytes, threads } = needs.manifest;
  // Twice the heap is what an enclave may write to.
  return enclaveCommand(plan, { ...needs, heapSizeBytes: memoryBytes / 2n, threads }, interpreterPath);
}

/** What the layers of the machine give a companion, where that is not what they give an enclave. */
const gives: Readonly<Record<string, string>> = {
  descriptors:
    'No descriptors but its channel to the enclave, whatever the starter of the platform left open (close_range), and at most 1024 more that it opens (RLIMIT_NOFILE).',
  memory:
    'Memory that can be written is bounded by the memory of the manifest and that of the interpreter (RLIMIT_DATA, RLIMIT_AS, RLIMIT_STACK), and none of it is shared (system call filter).',
};

const addons =
  'Node permission model, no code from strings, no inspector signal. Its declared files may be loaded as native addons (--allow-addons).';

/** The layers of a companion on this machine. */
export function companionLayers(
  layers: readonly IsolationLayer[],
  manifest: Pick<CompanionManifest, 'addons'>,
): readonly IsolationLayer[] {
  const detailOf = (name: string): string | undefined =>
    name === 'interpreter' && manifest.addons ? addons : gives[name];
  return Object.freeze(
    layers.map((found) => {
      const detail = found.active ? detailOf(found.name) : undefined;
      return detail === undefined ? found : layer(found.name, true, detail);
    }),
  );
}
