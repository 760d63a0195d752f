import type { NamedObject } from '@enclos/kubernetes/manifests';
import { driverName } from '../dra/driver.ts';
import type { OpenObject } from './cluster-access.ts';
import { labelsOf, type ManifestOptions } from './options.ts';
import { policyObjects } from './policy.ts';

/** The class that claims name, and a policy: no role can say that an agent writes the slices of its own node alone. */
export function draObjects(options: ManifestOptions): readonly NamedObject[] {
  if (options.claims === 0) return [];
  const deviceClass: OpenObject = [
    'device-class.yaml',
    {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      // The name is that of the driver, which is part of the agent.
      metadata: { name: driverName, labels: labelsOf(options) },
      spec: { selectors: [{ cel: { expression: `device.driver == '${driverName}'` } }] },
    },
  ];
  return [deviceClass, ...slicePolicy(options)];
}

function slicePolicy(options: ManifestOptions): readonly NamedObject[] {
  const { name, namespace } = options;
  return policyObjects(
    'slice-policy',
    { name: `${name}-slices`, labels: labelsOf(options) },
    {
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
  );
}
