import type { V1ConfigMap } from '@enclos/kubernetes/objects';
import type { MonitoringTarget } from './monitoring.ts';

/** One chart of a dashboard. */
export interface Panel {
  readonly title: string;
  /** In PromQL; `$job` is the chosen job. */
  readonly expression: string;
  /** What Grafana calls a line: `{{pod}}`. */
  readonly legend: string;
  /** A unit of Grafana: `short`, `s`, `bytes`, `reqps`. */
  readonly unit: string;
}

const height = 8;
const width = 12;
const source = { type: 'prometheus', uid: '${source}' };

/** A dashboard for Grafana, in the config map that its sidecar looks for. Two panels a row. */
export function dashboardMap(watched: MonitoringTarget, title: string, panels: readonly Panel[]): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${watched.name}-dashboard`,
      namespace: watched.namespace,
      labels: { ...watched.labels, grafana_dashboard: '1' },
    },
    data: { 'dashboard.json': `${JSON.stringify(dashboard(title, panels), undefined, 2)}\n` },
  };
}

function dashboard(title: string, panels: readonly Panel[]): object {
  const [first] = panels;
  const metric = /enclos_\w+/.exec(first?.expression ?? '')?.[0] ?? '';
  return {
    title,
    uid: title.toLowerCase().replaceAll(/[^a-z]+/g, '-'),
    tags: ['enclos'],
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    templating: {
      list: [
        { name: 'source', type: 'datasource', query: 'prometheus' },
        {
          name: 'job',
          type: 'query',
          datasource: source,
          query: `label_values(${metric}, job)`,
          refresh: 2,
        },
      ],
    },
    panels: panels.map((panel, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: panel.title,
      datasource: source,
      gridPos: { x: (index % 2) * width, y: Math.floor(index / 2) * height, w: width, h: height },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      targets: [{ refId: 'A', datasource: source, expr: panel.expression, legendFormat: panel.legend }],
    })),
  };
}
