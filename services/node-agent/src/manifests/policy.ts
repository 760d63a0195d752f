import type { NamedObject } from '@enclos/kubernetes/manifests';
import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from '@enclos/kubernetes/objects';

export type PolicySpec = NonNullable<V1ValidatingAdmissionPolicy['spec']>;
export type ResourceRule = NonNullable<NonNullable<PolicySpec['matchConstraints']>['resourceRules']>[number];

const apiVersion = 'admissionregistration.k8s.io/v1';

/** A policy of the cluster, and the binding that puts it in force: what it is not true for is refused. */
export function policyObjects(
  file: string,
  metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  spec: PolicySpec,
): readonly NamedObject[] {
  const policy: V1ValidatingAdmissionPolicy = { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec };
  const binding: V1ValidatingAdmissionPolicyBinding = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  };
  return [
    [`${file}.yaml`, policy],
    [`${file}-binding.yaml`, binding],
  ];
}
