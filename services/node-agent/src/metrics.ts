import { createValue, createView } from '@enclos/host/exposition';
import type { CollateralState } from './collateral/keeper.ts';
import { collateralViews } from './collateral/views.ts';
import type { EpcSize } from './devices/epc.ts';
import type { Resource } from './plugin/resource.ts';
import { codeOf } from './tell-once.ts';

/** What the agent counts, for Prometheus. */
export interface AgentMetrics {
  readonly registered: (resource: string) => void;
  readonly lost: (resource: string) => void;
  readonly registrationFailed: (resource: string, code: string) => void;
  readonly allocated: (resource: string, outcome: 'granted' | 'refused') => void;
  readonly connected: (outcome: 'accepted' | 'refused') => void;
  /** What enclaves are counted by in their pods; undefined: they are counted with the agent. */
  readonly accounted: (controllers: readonly string[] | undefined) => void;
  readonly collateralFailed: (code: string) => void;
  /** So many folders of pods that are gone were removed. */
  readonly reclaimed: (folders: number) => void;
  readonly render: () => string;
}

export interface MetricsSource {
  readonly resources: () => readonly Resource[];
  readonly epc: () => EpcSize | undefined;
  readonly isPlatformReady: () => boolean;
  /** Why software devices do not work; undefined when they do. */
  readonly problem: () => unknown;
  /** Undefined for an agent that keeps none. */
  readonly collateral: () => CollateralState | undefined;
}

export function createAgentMetrics(source: MetricsSource): AgentMetrics {
  const registered = new Map<string, number>();
  let accounting: Accounting | undefined;
  const registrations = createValue('counter', {
    name: 'enclos_agent_registrations_total',
    help: 'Times that the kubelet took a device plugin.',
  });
  const failures = createValue('counter', {
    name: 'enclos_agent_registration_failures_total',
    help: 'Times that a device plugin could not be registered, by the code of the reason.',
  });
  const allocations = createValue('counter', {
    name: 'enclos_agent_allocations_total',
    help: 'Requests of the kubelet for devices.',
  });
  const connections = createValue('counter', {
    name: 'enclos_agent_connections_total',
    help: 'Connections of pods to their software devices.',
  });
  const reclaimed = createValue('counter', {
    name: 'enclos_agent_folders_reclaimed_total',
    help: 'Folders of pods that are gone, which were removed.',
  });
  const collateralFailures = createValue('counter', {
    name: 'enclos_agent_collateral_failures_total',
    help: 'Times that --collateral could not be read or was refused, by code.',
  });
  const views = viewsOf(source, registered, () => accounting);
  return Object.freeze({
    registered(resource: string) {
      registered.set(resource, 1);
      registrations.add({ resource });
    },
    lost: (resource: string) => void registered.set(resource, 0),
    registrationFailed: (resource: string, code: string) => failures.add({ resource, code }),
    allocated: (resource: string, outcome: string) => allocations.add({ resource, outcome }),
    connected: (outcome: string) => connections.add({ outcome }),
    accounted(controllers: readonly string[] | undefined) {
      accounting = { by: controllers === undefined ? 'agent' : 'pod', controllers: controllers?.join(' ') ?? '' };
    },
    reclaimed: (folders: number) => reclaimed.add({}, folders),
    collateralFailed: (code: string) => collateralFailures.add({ code }),
    render: () =>
      [...views, registrations, failures, allocations, connections, reclaimed, collateralFailures]
        .map((family) => family.render())
        .join(''),
  });
}

interface Accounting {
  readonly by: string;
  readonly controllers: string;
}

/** What is looked up when it is asked for. */
function viewsOf(
  { resources, epc, isPlatformReady, problem, collateral }: MetricsSource,
  registered: ReadonlyMap<string, number>,
  accounting: () => Accounting | undefined,
): readonly ReturnType<typeof createView>[] {
  return [
    createView({ name: 'enclos_agent_devices', help: 'Devices in the list of the kubelet.' }, () =>
      resources().flatMap((resource) =>
        (['Healthy', 'Unhealthy'] as const).map(
          (health) =>
            [
              { resource: resource.name, health: health.toLowerCase() },
              resource.devices().filter((device) => device.health === health).length,
            ] as const,
        ),
      ),
    ),
    createView({ name: 'enclos_agent_registered', help: '1 while the kubelet has the device plugin.' }, () =>
      [...registered].map(([resource, value]) => [{ resource }, value] as const),
    ),
    createView({ name: 'enclos_agent_platform_ready', help: '1 while the software platform serves pods.' }, () => [
      [{}, isPlatformReady() ? 1 : 0],
    ]),
    createView(
      { name: 'enclos_agent_devices_problem', help: '1 for the code of why software devices are unhealthy.' },
      () => {
        const found = problem();
        return found === undefined ? [] : [[{ code: codeOf(found) }, 1]];
      },
    ),
    createView({ name: 'enclos_agent_accounting', help: '1 for what enclaves are counted with: pod or agent.' }, () => {
      const found = accounting();
      return found === undefined ? [] : [[{ ...found }, 1]];
    }),
    createView({ name: 'enclos_agent_epc_bytes', help: 'Protected memory of the processor, by source.' }, () => {
      const size = epc();
      return size === undefined ? [] : [[{ source: size.source }, Number(size.sizeBytes)]];
    }),
    ...collateralViews(collateral),
  ];
}
