import { oneDeviceOnly, softwareResource } from '@enclos/kubernetes/software-device';
import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from '@enclos/kubernetes/objects';
import { labelsOf, type ManifestOptions } from './options.ts';

const templates = "object.kind == 'CronJob' ? object.spec.jobTemplate.spec.template.spec : object.spec.template.spec";

/**
 * Refuses more than one software device in a container where it is written: without it the scheduler takes the pod, the agent
 * refuses the devices, and a Deployment makes the next pod.
 *
 * What is there already can still be deleted, and its metadata changed. A mistake in an expression lets objects through.
 */
export function devicePolicy(options: ManifestOptions): V1ValidatingAdmissionPolicy {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: policyName(options), labels: labelsOf(options) },
    spec: {
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
          expression:
            'variables.pod.containers + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])',
        },
      ],
      validations: [
        {
          expression: `variables.containers.all(c, !has(c.resources) || !has(c.resources.limits) || !('${softwareResource}' in c.resources.limits) || quantity(string(c.resources.limits['${softwareResource}'])).compareTo(quantity('1')) <= 0)`,
          message: oneDeviceOnly,
          reason: 'Invalid',
        },
      ],
    },
  };
}

export function devicePolicyBinding(options: ManifestOptions): V1ValidatingAdmissionPolicyBinding {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policyName(options), labels: labelsOf(options) },
    spec: { policyName: policyName(options), validationActions: ['Deny'] },
  };
}

const policyName = ({ name }: ManifestOptions): string => `${name}-one-device`;

type Rule = NonNullable<
  NonNullable<NonNullable<V1ValidatingAdmissionPolicy['spec']>['matchConstraints']>['resourceRules']
>[number];

function ruleFor(group: string, operations: readonly string[], resources: readonly string[]): Rule {
  return { apiGroups: [group], apiVersions: ['v1'], operations, resources, scope: 'Namespaced' };
}
