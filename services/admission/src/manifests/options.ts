/** What the manifests are made from. */
export interface ManifestOptions {
  /** For every object. */
  readonly name: string;
  readonly namespace: string;
  /** A reference with a digest. */
  readonly image: string;
  readonly replicas: number;
  /** PEM; undefined when something else fills in caBundle and the Secret. */
  readonly trust?: { readonly bundle: string; readonly cert: string; readonly key: string };
  /** Networks that reviews may come from. Without these and an agent: from anywhere. */
  readonly apiServerNetworks: readonly string[];
  /** A label of the pods in kube-system through which API servers reach into the cluster (konnectivity). */
  readonly apiServerAgent?: { readonly key: string; readonly value: string };
  /** The namespace of Prometheus. */
  readonly monitoringNamespace?: string;
}

/** Ports of the container. */
export const ports = Object.freeze({ webhook: 8443, health: 8081 });

/** The namespace needs no cluster domain: API servers ask for NAME.NAMESPACE.svc. */
export function serviceName({ name, namespace }: Pick<ManifestOptions, 'name' | 'namespace'>): string {
  return `${name}.${namespace}.svc`;
}

export function labelsOf({ name }: Pick<ManifestOptions, 'name'>): Record<string, string> {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'enclos' };
}
