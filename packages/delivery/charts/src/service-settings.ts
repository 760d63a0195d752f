import type { Settings } from './settings.ts';

/** A regular expression of names that a Service can have, too: RFC 1035, letters first. */
export const namePattern = '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$';

/** What each chart of a service asks for: the image, and where its objects are. */
export function placeSettings(name: string) {
  return {
    image: {
      kind: 'text',
      fallback: '',
      pattern: '^[A-Za-z0-9_./:-]{1,512}@sha256:[0-9a-f]{64}$',
      summary: 'The image, named with its digest: NAME@sha256:HEX',
    },
    name: { kind: 'text', fallback: name, pattern: namePattern, summary: 'Name of every object' },
    namespace: {
      kind: 'text',
      fallback: '',
      whenEmpty: '.Release.Namespace',
      pattern: namePattern,
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
