import { driverName } from '../dra/driver.ts';
import type { OpenObject } from './cluster-access.ts';
import { labelsOf, type ManifestOptions } from './options.ts';

/** The class that claims name, and a policy: no role can say that an agent writes the slices of its own node alone. */
export function draObjects(options: ManifestOptions): readonly OpenObject[] {
  if (options.claims === 0) return [];
  const labels = labelsOf(options);
  return [
    [
      'device-class.yaml',
      {
        apiVersion: 'resource.k8s.io/v1',
        kind: 'DeviceClass',
        // The name is that of the driver, which is part of the agent.
        metadata: { name: driverName, labels },
        spec: { selectors: [{ cel: { expression: `device.driver == '${driverName}'` } }] },
      },
    ],
    ...slicePolicy(options),
  ];
}

function slicePolicy(options: ManifestOptions): readonly OpenObject[] {
  const { name, namespace } = options;
  const labels = labelsOf(options);
  const policyName = `${name}-slices`;
  const registration = { apiVersion: 'admissionregistration.k8s.io/v1' };
  return [
    [
      'slice-policy.yaml',
      {
        ...registration,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: policyName, labels },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              {
                apiGroups: ['resource.k8s.io'],
                apiVersions: ['v1'],
                operations: ['CREATE', 'UPDATE'],
                resources: ['resourceslices'],
                scope: 'Cluster',
              },
            ],
          },
          matchConditions: [
            {
              name: 'is-the-agent',
              expression: `request.userInfo.username == 'system:serviceaccount:${namespace}:${name}'`,
            },
          ],
          validations: [
            {
              // The API server puts the node of the pod into its token.
              expression:
                "request.userInfo.extra[?'authentication.kubernetes.io/node-name'][0].orValue('') == object.spec.?nodeName.orValue('-')",
              message: 'The agent of a node writes the resource slices of its own node only.',
              reason: 'Forbidden',
            },
            {
              expression: `object.spec.driver == '${driverName}'`,
              message: 'The agent of a node writes the resource slices of its own driver only.',
              reason: 'Forbidden',
            },
          ],
        },
      },
    ],
    [
      'slice-policy-binding.yaml',
      {
        ...registration,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: policyName, labels },
        spec: { policyName, validationActions: ['Deny'] },
      },
    ],
  ];
}
