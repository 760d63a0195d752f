import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

const devicePluginFile = 'device-plugin-v1beta1.proto';
const podResourcesFile = 'pod-resources-v1.proto';

export interface Definitions {
  readonly registration: ServiceDefinition;
  readonly devicePlugin: ServiceDefinition;
  readonly podResources: ServiceDefinition;
}

/**
 * Reads the APIs. Fields keep their case: some are in snake case, some are not (`ID`, `available_deviceIDs`), and a field
 * that the loader renames is a field that never arrives.
 */
export function loadDefinitions(): Definitions {
  const plugin = load(devicePluginFile);
  return Object.freeze({
    registration: serviceOf(plugin['v1beta1.Registration']),
    devicePlugin: serviceOf(plugin['v1beta1.DevicePlugin']),
    podResources: serviceOf(load(podResourcesFile)['v1.PodResourcesLister']),
  });
}

function load(file: string): PackageDefinition {
  const beside = fileURLToPath(new URL(file, import.meta.url));
  // Beside the one file that an image has of the agent, or else seen from dist/src/plugin.
  const path = existsSync(beside) ? beside : fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url));
  return loadSync(path, { keepCase: true, longs: Number, defaults: true });
}

/** The loader gives services and messages in one object; a message has a `format`. */
function serviceOf(definition: object | undefined): ServiceDefinition {
  if (definition === undefined || 'format' in definition) {
    throw new TypeError('The file of the API has no such service.');
  }
  return definition as ServiceDefinition;
}
