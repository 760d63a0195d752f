import { yamlOf } from '@enclos/kubernetes-schema/yaml';

/** One file of manifests. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
  /** Holds a private key. */
  readonly isSecret: boolean;
}

/** An object of a kind that Kubernetes does not have itself. */
export interface CustomObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: object;
}

/** An object of Kubernetes, and the name of its file. */
export type NamedObject = readonly [name: string, object: { readonly kind: string }];

/**
 * Objects as files of YAML, one each, with a kustomization that lists them: `kubectl apply -k`.
 * @example
 * manifestFiles([['namespace.yaml', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } }]]);
 */
export function manifestFiles(objects: readonly NamedObject[]): readonly ManifestFile[] {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: objects.map(([name]) => name),
  };
  return [...objects, ['kustomization.yaml', kustomization] as const].map(([name, object]) => ({
    name,
    text: yamlOf(object),
    isSecret: object.kind === 'Secret',
  }));
}
