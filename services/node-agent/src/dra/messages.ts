/** The messages of the kubelet's DRA API, v1, with the names that they have on the wire. */

/** What the kubelet calls the service `DRAPlugin` of `dra/v1` when plugins register. */
export const pluginService = 'v1.DRAPlugin';
export const pluginType = 'DRAPlugin';

/** What the kubelet says of a claim. The rest stands in the object of that name. */
export interface ClaimReference {
  readonly namespace: string;
  readonly uid: string;
  readonly name: string;
}

export interface ClaimsRequest {
  readonly claims: readonly ClaimReference[];
}

export interface PreparedDevice {
  readonly request_names: readonly string[];
  readonly pool_name: string;
  readonly device_name: string;
  readonly cdi_device_ids: readonly string[];
}

/** The answer for unprepared claims has the same form, without devices. */
export interface PrepareResponse {
  readonly claims: Readonly<Record<string, { readonly devices?: readonly PreparedDevice[]; readonly error?: string }>>;
}

export interface PluginInfo {
  readonly type: string;
  readonly name: string;
  /** The whole path of the socket of the service. */
  readonly endpoint: string;
  readonly supported_versions: readonly string[];
}

export interface RegistrationStatus {
  readonly plugin_registered: boolean;
  readonly error: string;
}
