/** What the manifests are made from. */
export interface ManifestOptions {
  /** For every object. */
  readonly name: string;
  readonly namespace: string;
  /** A reference with a digest. */
  readonly image: string;
  readonly replicas: number;
  /** PEM of the authorities that API servers accept; undefined when something else fills it in. */
  readonly caBundle?: string;
  /** The Secret with the serving certificate and its key. */
  readonly secretName: string;
  /** PEM of what to put into the Secret; undefined: something else makes the Secret, and it is not written. */
  readonly keyPair?: { readonly cert: string; readonly key: string };
  /** cert-manager makes the Secret, and fills in caBundle. */
  readonly hasCertManager: boolean;
  /** PEM of the authorities of clients: only API servers with a certificate of theirs are answered. */
  readonly clientCa?: string;
  /** With objects for the Prometheus operator and Grafana. */
  readonly hasMonitoring: boolean;
  /** Networks that reviews may come from. Without these and an agent: from anywhere. */
  readonly apiServerNetworks: readonly string[];
  /** A label of the pods in kube-system through which API servers reach into the cluster (konnectivity). */
  readonly apiServerAgent?: { readonly key: string; readonly value: string };
  /** The namespace of Prometheus. */
  readonly monitoringNamespace?: string;
}

/** A network such as 10.0.0.0/24, for JavaScript and for the schema of the chart's values. */
export const networkPattern = '^[0-9a-fA-F:.]{2,39}/[0-9]{1,3}$';

/** Ports of the container. */
export const ports = Object.freeze({ webhook: 8443, health: 8081 });

/** The namespace needs no cluster domain: API servers ask for NAME.NAMESPACE.svc. */
export function serviceName({ name, namespace }: Pick<ManifestOptions, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc`;
}

export function labelsOf({ name }: Pick<ManifestOptions, 'name'>): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'enclos' };
}
