import type { V1Namespace } from '../schema/objects.ts';

/** A namespace whose pods are held to a level of the Pod Security Standards. */
export function namespaceObject(
  name: string,
  labels: Readonly<Record<string, string>>,
  level: 'privileged' | 'baseline' | 'restricted',
): V1Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { ...labels, 'pod-security.kubernetes.io/enforce': level } },
  };
}
