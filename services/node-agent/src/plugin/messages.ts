/** The messages of the kubelet's device plugin API, v1beta1, with the names that they have on the wire. */

export const apiVersion = 'v1beta1';

export type Health = 'Healthy' | 'Unhealthy';

export interface Device {
  /** At most 63 characters. */
  readonly ID: string;
  readonly health: Health;
  readonly topology?: { readonly nodes: readonly { readonly ID: number }[] };
}

export interface DeviceList {
  readonly devices: readonly Device[];
}

export interface PluginOptions {
  readonly pre_start_required: boolean;
  readonly get_preferred_allocation_available: boolean;
}

export interface RegisterRequest {
  readonly version: string;
  /** The name of the plugin's socket, in the folder of the kubelet's. */
  readonly endpoint: string;
  readonly resource_name: string;
  readonly options: PluginOptions;
}

export interface AllocateRequest {
  readonly container_requests: readonly { readonly devices_ids: readonly string[] }[];
}

/** What a container gets. */
export interface ContainerAllocation {
  readonly envs?: Readonly<Record<string, string>>;
  readonly mounts?: readonly {
    readonly container_path: string;
    readonly host_path: string;
    readonly read_only: boolean;
  }[];
  readonly devices?: readonly {
    readonly container_path: string;
    readonly host_path: string;
    readonly permissions: string;
  }[];
}

export interface AllocateResponse {
  readonly container_responses: readonly ContainerAllocation[];
}
