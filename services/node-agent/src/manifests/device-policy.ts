import type { NamedObject } from '@enclos/kubernetes/manifests';
import { oneDeviceOnly, softwareResource } from '@enclos/kubernetes/software-device';
import { labelsOf, type ManifestOptions } from './options.ts';
import { policyObjects, type PolicySpec, type ResourceRule } from './policy.ts';

const templates = "object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec";

/**
 * Refuses more than one software device in a container where it is written: without it the scheduler takes the pod, the agent
 * refuses the devices, and a Deployment makes the next pod.
 *
 * What is there already can still be deleted, and its metadata changed. A mistake in an expression lets objects through.
 */
export const oneDevice: PolicySpec = {
  failurePolicy: 'Ignore',
  matchConstraints: {
    resourceRules: [
      ruleFor('', ['CREATE'], ['pods']),
      ruleFor('apps', ['CREATE', 'UPDATE'], ['daemonsets', 'deployments', 'statefulsets']),
      ruleFor('batch', ['CREATE', 'UPDATE'], ['cronjobs', 'jobs']),
    ],
  },
  matchConditions: [
    { name: 'not-deleted', expression: '!has(object.metadata.deletionTimestamp)' },
    { name: 'new-or-changed', expression: 'oldObject == null || object.spec != oldObject.spec' },
  ],
  variables: [
    { name: 'pod', expression: `object.kind == 'Pod' ? object.spec : ${templates}` },
    {
      name: 'containers',
      expression: 'variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])',
    },
  ],
  validations: [
    {
      expression: `variables.containers.all(c, !has(c.resources) || !has(c.resources.limits) || !('${softwareResource}' in c.resources.limits) || quantity(string(c.resources.limits['${softwareResource}'])).compareTo(quantity('1')) <= 0)`,
      message: oneDeviceOnly,
      reason: 'Invalid',
    },
  ],
};

export function devicePolicy(options: ManifestOptions): readonly NamedObject[] {
  if (!options.hasDevicePolicy) return [];
  return policyObjects('device-policy', { name: `${options.name}-one-device`, labels: labelsOf(options) }, oneDevice);
}

function ruleFor(group: string, operations: readonly string[], resources: readonly string[]): ResourceRule {
  return { apiGroups: [group], apiVersions: ['v1'], operations, resources, scope: 'Namespaced' };
}
