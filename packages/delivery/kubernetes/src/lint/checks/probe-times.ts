import { at, isMap, type MapNode, numberOf } from '@enclos/kubernetes-schema/yaml';
import { fieldSpan } from '../field-span.ts';
import type { EnclavePod } from '../enclave-pod.ts';
import type { Report } from '../report.ts';

/** What the API server sets where a manifest says nothing. */
const usual = { initialDelaySeconds: 0, periodSeconds: 10, failureThreshold: 3, progressDeadlineSeconds: 600 };

/** An enclave takes about a second to start, and several where half a processor is all that a pod has. */
const startSeconds = 5;

/** Probes that begin after the pod is over, or end it before its enclave can have started. */
export function checkProbeTimes(pod: EnclavePod, report: Report): void {
  for (const { node } of pod.members) {
    const [startup, readiness, liveness] = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((name) =>
      at(node, name),
    );
    if (pod.holdsEnclaves && isMap(startup)) checkPatience('startupProbe', startup, report);
    if (pod.holdsEnclaves && isMap(liveness) && !isMap(startup)) checkPatience('livenessProbe', liveness, report);
    if (isMap(startup)) checkDeadline('startupProbe', startup, pod, report);
    if (isMap(readiness)) checkDeadline('readinessProbe', readiness, pod, report);
  }
}

function secondsOf(probe: MapNode, field: keyof typeof usual): number {
  const value = numberOf(at(probe, field));
  // Zero is replaced by the default, but for the delay.
  return value === undefined || value === 0 ? usual[field] : value;
}

function checkPatience(name: string, probe: MapNode, report: Report): void {
  const tries = secondsOf(probe, 'failureThreshold');
  const patience = secondsOf(probe, 'initialDelaySeconds') + (tries - 1) * secondsOf(probe, 'periodSeconds');
  if (patience >= startSeconds) return;
  const text = `${name} ends the container after ${patience} s in which the enclave is not there yet`;
  report('PROBE_TOO_EARLY', fieldSpan(probe, 'failureThreshold', fieldSpan(probe, 'periodSeconds', probe)), text);
}

function checkDeadline(name: string, probe: MapNode, pod: EnclavePod, report: Report): void {
  const { object, spec } = pod;
  const delay = at(probe, 'initialDelaySeconds');
  const seconds = numberOf(delay);
  if (delay === undefined || seconds === undefined) return;
  const deadlines = [
    { field: 'activeDeadlineSeconds', limit: numberOf(at(spec, 'activeDeadlineSeconds')) },
    {
      field: 'activeDeadlineSeconds',
      limit: object.kind === 'Job' ? numberOf(at(object.node, 'spec', 'activeDeadlineSeconds')) : undefined,
    },
    { field: 'progressDeadlineSeconds', limit: object.kind === 'Deployment' ? progressOf(object.node) : undefined },
  ];
  const passed = deadlines.find(({ limit }) => limit !== undefined && seconds >= limit);
  if (passed === undefined) return;
  report('PROBE_TOO_LATE', delay, `${name} begins after ${seconds} s, and ${passed.field} is ${passed.limit} s`);
}

function progressOf(deployment: MapNode): number {
  return numberOf(at(deployment, 'spec', 'progressDeadlineSeconds')) ?? usual.progressDeadlineSeconds;
}
