import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadServices } from '../grpc/services.ts';

export interface Definitions {
  readonly registration: ServiceDefinition;
  readonly devicePlugin: ServiceDefinition;
}

/** The device plugin API of the kubelet. */
export function loadDefinitions(): Definitions {
  const [registration, devicePlugin] = loadServices(
    'device-plugin-v1beta1.proto',
    'v1beta1.Registration',
    'v1beta1.DevicePlugin',
  );
  if (registration === undefined || devicePlugin === undefined) throw new TypeError('The API lacks a service.');
  return Object.freeze({ registration, devicePlugin });
}
