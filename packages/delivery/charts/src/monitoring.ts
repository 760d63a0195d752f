import type { CustomObject } from '@enclos/kubernetes/manifests';

/** Which pods are watched, and where. */
export interface MonitoringTarget {
  /** Every object has it. */
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

/** Tells the Prometheus operator to read the metrics of every pod. */
export function podMonitor({ name, namespace, labels, port }: MonitoringTarget): CustomObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace, labels },
    spec: { selector: { matchLabels: labels }, podMetricsEndpoints: [{ port, interval: '30s' }] },
  };
}

/** The label `job` that the Prometheus operator gives what a PodMonitor finds. */
export function jobOf({ name, namespace }: Pick<MonitoringTarget, 'name' | 'namespace'>): string {
  return `job="${namespace}/${name}"`;
}

/** Alerts for the Prometheus operator. */
export function prometheusRule({ name, namespace, labels }: MonitoringTarget, alerts: readonly Alert[]): CustomObject {
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
