import { jobOf, monitoringObjects, type Alert, type Panel } from '@enclos/charts';
import type { NamedObject } from '@enclos/kubernetes/manifests';
import { labelsOf, type ManifestOptions } from './options.ts';
import { webhookName } from './webhook-configuration.ts';

/** For the Prometheus operator and Grafana. */
export function webhookMonitoring(options: ManifestOptions): readonly NamedObject[] {
  const { name, namespace } = options;
  return monitoringObjects(
    { name, namespace, labels: labelsOf(options), port: 'health' },
    { title: 'Enclos admission webhook', alerts: alerts(jobOf(options)), panels },
  );
}

function alerts(job: string): readonly Alert[] {
  return [
    {
      name: 'EnclosAdmissionDown',
      expression: `absent(up{${job}} == 1)`,
      lasting: '5m',
      severity: 'critical',
      summary: 'No pod of the admission webhook answers.',
      description: 'Pods that ask for enclaves are created without their devices. Look at the pods and their logs.',
    },
    {
      name: 'EnclosAdmissionFailsOpen',
      expression: `increase(apiserver_admission_webhook_fail_open_count{name="${webhookName}"}[15m]) > 0`,
      lasting: '0m',
      severity: 'critical',
      summary: 'API servers could not ask the admission webhook.',
      description:
        'Pods were created as they are. Compare caBundle with the certificate, and the NetworkPolicy with the API servers.',
    },
    {
      name: 'EnclosAdmissionCertificateEnds',
      expression: `enclos_admission_certificate_expiry_timestamp_seconds{${job}} - time() < 14 * 86400`,
      lasting: '1h',
      severity: 'warning',
      summary: 'The certificate of the admission webhook ends within 14 days.',
      description: 'Run `enclos-admission certificates`, or find out why cert-manager does not renew it.',
    },
    {
      name: 'EnclosAdmissionCertificateRefused',
      expression: `increase(enclos_admission_certificate_reloads_total{${job},result="refused"}[15m]) > 0`,
      lasting: '0m',
      severity: 'warning',
      summary: 'The admission webhook refused a new certificate and keeps the old one.',
      description: 'Its log says why under `certificate-refused`.',
    },
    {
      name: 'EnclosAdmissionFaults',
      expression: `increase(enclos_admission_faults_total{${job}}[15m]) > 0`,
      lasting: '0m',
      severity: 'warning',
      summary: 'The admission webhook failed on a review.',
      description: 'Its log has the place. The pod was created as it was.',
    },
  ];
}

const panels: readonly Panel[] = [
  {
    title: 'Reviews by outcome',
    expression: 'sum by (outcome, platform) (rate(enclos_admission_reviews_total{job="$job"}[5m]))',
    legend: '{{outcome}} {{platform}}',
    unit: 'reqps',
  },
  {
    title: 'Time of a review, 99 of 100',
    expression:
      'histogram_quantile(0.99, sum by (le) (rate(enclos_admission_review_duration_seconds_bucket{job="$job"}[5m])))',
    legend: '99 %',
    unit: 's',
  },
  {
    title: 'Refused requests',
    expression: 'sum by (code) (rate(enclos_admission_requests_refused_total{job="$job"}[5m]))',
    legend: '{{code}}',
    unit: 'reqps',
  },
  {
    title: 'Faults',
    expression: 'sum by (pod) (increase(enclos_admission_faults_total{job="$job"}[5m]))',
    legend: '{{pod}}',
    unit: 'short',
  },
  {
    title: 'Connections',
    expression: 'enclos_admission_connections{job="$job"}',
    legend: '{{pod}}',
    unit: 'short',
  },
  {
    title: 'Left of the certificate',
    expression: 'enclos_admission_certificate_expiry_timestamp_seconds{job="$job"} - time()',
    legend: '{{pod}}',
    unit: 's',
  },
];
