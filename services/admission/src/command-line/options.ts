export interface ServeOptions {
  readonly certificate: string;
  readonly key: string;
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
}
