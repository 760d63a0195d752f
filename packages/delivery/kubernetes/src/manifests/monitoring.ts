/** Which pods are watched, and where. */
export interface Watched {
  /** Of every object. */
  readonly name: string;
  readonly namespace: string;
  /** Labels of the pods, and of what watches them. */
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the port that has /metrics. */
  readonly port: string;
}

/** One alert of Prometheus. */
export interface Alert {
  readonly name: string;
  readonly expression: string;
  /** How long it has to be so: `5m`. */
  readonly lasting: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  /** What to do. */
  readonly description: string;
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of the Prometheus operator: metrics of every pod. */
export interface PodMonitor {
  readonly apiVersion: 'monitoring.coreos.com/v1';
  readonly kind: 'PodMonitor';
  readonly metadata: Metadata;
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly interval: string }[];
  };
}

/** Of the Prometheus operator: alerts. */
export interface PrometheusRule {
  readonly apiVersion: 'monitoring.coreos.com/v1';
  readonly kind: 'PrometheusRule';
  readonly metadata: Metadata;
  readonly spec: { readonly groups: readonly { readonly name: string; readonly rules: readonly object[] }[] };
}

export function podMonitor({ name, namespace, labels, port }: Watched): PodMonitor {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace, labels },
    spec: { selector: { matchLabels: labels }, podMetricsEndpoints: [{ port, interval: '30s' }] },
  };
}

/** The label `job` that the Prometheus operator gives what a PodMonitor finds. */
export function jobOf({ name, namespace }: Pick<Watched, 'name' | 'namespace'>): string {
  return `job="${namespace}/${name}"`;
}

export function prometheusRule({ name, namespace, labels }: Watched, alerts: readonly Alert[]): PrometheusRule {
  const rules = alerts.map((alert) => ({
    alert: alert.name,
    expr: alert.expression,
    for: alert.lasting,
    labels: { severity: alert.severity },
    annotations: { summary: alert.summary, description: alert.description },
  }));
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name, namespace, labels },
    spec: { groups: [{ name, rules }] },
  };
}
