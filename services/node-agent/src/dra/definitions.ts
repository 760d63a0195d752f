import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadServices } from '../grpc/services.ts';

/** The APIs by which the kubelet finds a DRA driver, and has it prepare claims. */
export interface DraDefinitions {
  readonly registration: ServiceDefinition;
  readonly plugin: ServiceDefinition;
}

export function loadDraDefinitions(): DraDefinitions {
  const [registration] = loadServices('plugin-registration-v1.proto', 'pluginregistration.Registration');
  const [plugin] = loadServices('dra-v1.proto', 'k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin');
  if (registration === undefined || plugin === undefined) throw new TypeError('The API lacks a service.');
  return Object.freeze({ registration, plugin });
}
