import { imageWithDigestPattern, serviceNamePattern, type NamedObject } from '@enclos/kubernetes/manifests';
import type { Settings } from './settings.ts';

/** What each chart of a service asks for: the image, and where its objects are. */
export function placeSettings(name: string) {
  return {
    image: {
      kind: 'text',
      fallback: '',
      pattern: imageWithDigestPattern,
      summary: 'The image, named with its digest: NAME@sha256:HEX',
    },
    name: { kind: 'text', fallback: name, pattern: serviceNamePattern, summary: 'Name of every object' },
    namespace: {
      kind: 'text',
      fallback: '',
      whenEmpty: '.Release.Namespace',
      pattern: serviceNamePattern,
      summary: 'Namespace of the objects; empty for that of the release',
    },
    createNamespace: {
      kind: 'flag',
      fallback: false,
      summary: 'Make the namespace, with its level of Pod Security. It must be another one than that of the release',
    },
  } as const satisfies Settings;
}

/** Whether a chart has what `monitoringObjects` makes. */
export const monitoringSetting = Object.freeze({
  kind: 'flag',
  fallback: false,
  summary: 'With a PodMonitor and alerts for the Prometheus operator, and a dashboard for Grafana',
} as const);

/** The objects of a service for its chart: the namespace of a release is made by Helm, unless `createNamespace` is set. */
export function objectsInPlace(
  objects: readonly NamedObject[],
  { createNamespace }: { readonly createNamespace: boolean },
): readonly NamedObject[] {
  return objects.filter(([, { kind }]) => createNamespace || kind !== 'Namespace');
}

/** What the README of a service's chart says first. @param folder the base of kustomize, beside the chart */
export function introductionOf(folder: string): string {
  return (
    'Written by `node tools/docs.mjs --write` from [the typed objects](../src/manifests) that the base of kustomize in ' +
    `[\`${folder}\`](../${folder}) is written from, too. [How to install it](../../../docs/how-to/install-with-helm-or-kustomize.md).`
  );
}
