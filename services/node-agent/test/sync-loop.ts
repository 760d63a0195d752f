import { Turns } from '@enclos/bounded';
import type { ContainerAllocation } from '../src/plugin/messages.ts';
import type { KnownPlugin } from './fake-kubelet.ts';

/** A pod of one container, as far as the device manager of the kubelet looks at it. */
export interface AdmittedPod {
  readonly uid: string;
  /** Undefined for a pod without devices. */
  readonly resource?: string;
}

/**
 * The loop in which a kubelet admits pods, one after the other and without a deadline: a model of `devicesToAllocate` and
 * `allocateContainerResources` in pkg/kubelet/cm/devicemanager/manager.go of Kubernetes 1.34, with its sentences. Its checkpoint
 * outlives a reboot; what plugins have told it does not.
 */
export interface SyncLoop {
  /** What the container is started with. @throws Error with the message of UnexpectedAdmissionError */
  admit(pod: AdmittedPod): Promise<ContainerAllocation | undefined>;
  /** The plugin has registered. */
  know(plugin: KnownPlugin): void;
  /** Every plugin is gone and unknown; allocations stay. */
  reboot(): void;
  /** The pod is gone. */
  forget(pod: AdmittedPod): void;
}

interface CheckpointEntry {
  readonly device: string;
  readonly allocation: ContainerAllocation;
}

export function createSyncLoop(): SyncLoop {
  const checkpoint = new Map<string, CheckpointEntry>();
  const plugins = new Map<string, KnownPlugin | undefined>();
  const turns = new Turns();
  const admitOne = async ({ uid, resource }: AdmittedPod): Promise<ContainerAllocation | undefined> => {
    if (resource === undefined) return undefined;
    if (!plugins.has(resource)) throw refused(`cannot allocate unregistered device ${resource}`);
    const plugin = plugins.get(resource);
    const healthy = (plugin?.lists.at(-1)?.devices ?? []).filter(({ health }) => health === 'Healthy');
    if (healthy.length === 0) {
      throw refused(`no healthy devices present; cannot allocate unhealthy devices ${resource}`);
    }
    const earlier = checkpoint.get(uid);
    if (earlier !== undefined) {
      if (healthy.some(({ ID }) => ID === earlier.device)) return earlier.allocation;
      throw refused(
        `previously allocated devices are no longer healthy; cannot allocate unhealthy devices ${resource}`,
      );
    }
    const used = new Set([...checkpoint.values()].map(({ device }) => device));
    const free = healthy.find(({ ID }) => !used.has(ID));
    if (free === undefined || plugin === undefined) {
      throw refused(`requested number of devices unavailable for ${resource}. Requested: 1, Available: 0`);
    }
    const { container_responses: answers } = await plugin.allocate([free.ID]).catch((error: unknown) => {
      throw refused(`rpc error: ${error instanceof Error ? error.message : String(error)}`);
    });
    const allocation = answers[0] ?? {};
    checkpoint.set(uid, { device: free.ID, allocation });
    return allocation;
  };
  return Object.freeze({
    admit: (pod: AdmittedPod) => turns.take(() => admitOne(pod)),
    know: (plugin: KnownPlugin) => void plugins.set(plugin.request.resource_name, plugin),
    reboot() {
      // Resources of the checkpoint are known, without devices (`readCheckpoint`).
      for (const resource of plugins.keys()) plugins.set(resource, undefined);
    },
    forget: ({ uid }: AdmittedPod) => void checkpoint.delete(uid),
  });
}

function refused(reason: string): Error {
  return new Error(`Allocate failed due to ${reason}, which is unexpected`);
}
