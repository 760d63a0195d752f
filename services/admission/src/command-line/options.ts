export interface ServeOptions {
  readonly certificate: string;
  readonly key: string;
  /** A file of PEM: authorities of the clients that are answered. */
  readonly clientCa: string | undefined;
  readonly host: string | undefined;
  readonly port: number;
  readonly healthPort: number;
  readonly drainMs: number;
  readonly reloadMs: number;
}

export interface CertificatesOptions {
  readonly folder: string;
  readonly name: string;
  readonly namespace: string;
  readonly renew: boolean;
}

export interface ManifestsOptions {
  readonly folder: string;
  readonly certificates: string | undefined;
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly apiServerNetworks: readonly string[];
  readonly apiServerAgent: { readonly key: string; readonly value: string } | undefined;
  readonly monitoringNamespace: string | undefined;
  /** The Secret that something else makes. */
  readonly secret: string | undefined;
  readonly certManager: boolean;
  readonly monitoring: boolean;
  /** A file of PEM. */
  readonly clientCa: string | undefined;
}
