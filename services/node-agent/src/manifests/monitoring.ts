import { jobOf, monitoringObjects, type Alert, type Panel } from '@enclos/charts';
import type { NamedObject } from '@enclos/kubernetes/manifests';
import { labelsOf, type ManifestOptions } from './options.ts';

/** For the Prometheus operator and Grafana. */
export function agentMonitoring(options: ManifestOptions): readonly NamedObject[] {
  const { name, namespace } = options;
  return monitoringObjects(
    { name, namespace, labels: labelsOf(options), port: 'metrics' },
    { title: 'Enclos node agent', alerts: alerts(jobOf(options), options), panels },
  );
}

function alerts(job: string, { name, namespace, devices }: ManifestOptions): readonly Alert[] {
  return [
    ...ofDevices(job),
    ...(devices > 0 ? ofSoftware(job) : []),
    {
      name: 'EnclosAgentRestarts',
      expression: `increase(kube_pod_container_status_restarts_total{namespace="${namespace}",pod=~"${name}-.*"}[1h]) > 2`,
      lasting: '0m',
      severity: 'warning',
      summary: 'A node agent was started again and again.',
      description:
        'Each start ends the enclaves of the node. Look at the log of the container before: kubectl logs -p.',
    },
  ];
}

function ofSoftware(job: string): readonly Alert[] {
  return [
    {
      name: 'EnclosPlatformNotReady',
      expression: `enclos_agent_platform_ready{${job}} == 0`,
      lasting: '5m',
      severity: 'critical',
      summary: 'The software platform of a node does not serve.',
      description: 'The log of {{ $labels.pod }} says why.',
    },
    {
      name: 'EnclosCollateralEnds',
      expression: `enclos_agent_collateral_expiry_timestamp_seconds{${job}} - time() < 7 * 86400`,
      lasting: '1h',
      severity: 'warning',
      summary: 'The collateral that pods get from a node agent ends within 7 days.',
      description: 'Verifiers refuse evidence of {{ $labels.pod }} after that. Publish collateral of the vendor again.',
    },
    {
      name: 'EnclosCollateralNotReady',
      expression: `enclos_agent_collateral_ready{${job}} == 0`,
      lasting: '5m',
      severity: 'critical',
      summary: 'Pods of a node have no collateral that is in force.',
      description: 'Verifiers refuse evidence of {{ $labels.pod }}. Its log says why.',
    },
  ];
}

function ofDevices(job: string): readonly Alert[] {
  return [
    {
      name: 'EnclosAgentDown',
      expression: `up{${job}} == 0 or absent(up{${job}})`,
      lasting: '5m',
      severity: 'critical',
      summary: 'A node agent does not answer.',
      description: 'Pods of {{ $labels.instance }} have no platform and get no devices. Look at the log of the agent.',
    },
    {
      name: 'EnclosDevicesUnhealthy',
      expression: `enclos_agent_devices{${job},health="unhealthy"} > 0`,
      lasting: '5m',
      severity: 'critical',
      summary: 'Devices of a node are unhealthy.',
      description:
        '{{ $labels.pod }} has {{ $value }} of {{ $labels.resource }}. Its log says why under `device-failed`.',
    },
    {
      name: 'EnclosDevicePluginUnregistered',
      expression: `enclos_agent_registered{${job}} == 0`,
      lasting: '5m',
      severity: 'critical',
      summary: 'The kubelet of a node does not have the device plugin.',
      description: '{{ $labels.pod }} could not register {{ $labels.resource }}. Its log says why.',
    },
    {
      name: 'EnclosAllocationsRefused',
      expression: `increase(enclos_agent_allocations_total{${job},outcome="refused"}[15m]) > 0`,
      lasting: '0m',
      severity: 'warning',
      summary: 'A node agent refused devices to a pod.',
      description: 'The pod failed with UnexpectedAdmissionError. The log of {{ $labels.pod }} has the code.',
    },
  ];
}

const panels: readonly Panel[] = [
  {
    title: 'Devices',
    expression: 'sum by (resource, health) (enclos_agent_devices{job="$job"})',
    legend: '{{resource}} {{health}}',
    unit: 'short',
  },
  {
    title: 'Allocations',
    expression: 'sum by (resource, outcome) (rate(enclos_agent_allocations_total{job="$job"}[5m]))',
    legend: '{{resource}} {{outcome}}',
    unit: 'reqps',
  },
  {
    title: 'Connections of pods',
    expression: 'sum by (outcome) (rate(enclos_agent_connections_total{job="$job"}[5m]))',
    legend: '{{outcome}}',
    unit: 'reqps',
  },
  {
    title: 'Agents whose platform serves',
    expression: 'sum(enclos_agent_platform_ready{job="$job"})',
    legend: 'ready',
    unit: 'short',
  },
  {
    title: 'Registrations that failed',
    expression: 'sum by (resource, code) (increase(enclos_agent_registration_failures_total{job="$job"}[5m]))',
    legend: '{{resource}} {{code}}',
    unit: 'short',
  },
  {
    title: 'Left of the collateral',
    expression: 'enclos_agent_collateral_expiry_timestamp_seconds{job="$job"} - time()',
    legend: '{{pod}}',
    unit: 's',
  },
  {
    title: 'Protected memory',
    expression: 'enclos_agent_epc_bytes{job="$job"}',
    legend: '{{pod}} {{source}}',
    unit: 'bytes',
  },
];
