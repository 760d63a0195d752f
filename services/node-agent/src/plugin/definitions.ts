import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const file = 'device-plugin-v1beta1.proto';
const beside = fileURLToPath(new URL(file, import.meta.url));
/** Beside the one file that an image has of the agent, or else seen from dist/src/plugin. */
const protoPath = existsSync(beside) ? beside : fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url));

export interface Definitions {
  readonly registration: ServiceDefinition;
  readonly devicePlugin: ServiceDefinition;
}

/**
 * Reads the API. Fields keep their case: some are in snake case, some are not (`ID`, `available_deviceIDs`), and a field
 * that the loader renames is a field that never arrives.
 */
export function loadDefinitions(): Definitions {
  const definitions = loadSync(protoPath, { keepCase: true, longs: Number, defaults: true });
  return Object.freeze({
    registration: serviceOf(definitions['v1beta1.Registration']),
    devicePlugin: serviceOf(definitions['v1beta1.DevicePlugin']),
  });
}

/** The loader gives services and messages in one object; a message has a `format`. */
function serviceOf(definition: object | undefined): ServiceDefinition {
  if (definition === undefined || 'format' in definition) {
    throw new TypeError('The file of the API has no such service.');
  }
  return definition as ServiceDefinition;
}
