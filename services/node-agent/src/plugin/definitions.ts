import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadServices } from '../grpc/services.ts';

export interface Definitions {
  readonly registration: ServiceDefinition;
  readonly devicePlugin: ServiceDefinition;
  readonly podResources: ServiceDefinition;
}

/** The device plugin API of the kubelet, and the one that says which pods have which devices. */
export function loadDefinitions(): Definitions {
  const [registration, devicePlugin] = loadServices(
    'device-plugin-v1beta1.proto',
    'v1beta1.Registration',
    'v1beta1.DevicePlugin',
  );
  const [podResources] = loadServices('pod-resources-v1.proto', 'v1.PodResourcesLister');
  if (registration === undefined || devicePlugin === undefined || podResources === undefined) {
    throw new TypeError('The API lacks a service.');
  }
  return Object.freeze({ registration, devicePlugin, podResources });
}
