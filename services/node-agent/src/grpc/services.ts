import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/**
 * Reads services of an API of the kubelet. Fields keep their case: some are in snake case, some are not (`ID`,
 * `available_deviceIDs`), and a field that the loader renames is a field that never arrives.
 * @param file in the folder `proto`
 * @param names with their package
 */
export function loadServices(file: string, ...names: readonly string[]): readonly ServiceDefinition[] {
  const definitions = loadSync(pathOf(file), { keepCase: true, longs: Number, defaults: true });
  return names.map((name) => serviceOf(definitions[name]));
}

/** Beside the one file that an image has of the agent, or else seen from dist/src/grpc. */
function pathOf(file: string): string {
  const beside = fileURLToPath(new URL(file, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../../proto/${file}`, import.meta.url));
}

/** The loader gives services and messages in one object; a message has a `format`. */
function serviceOf(definition: object | undefined): ServiceDefinition {
  if (definition === undefined || 'format' in definition) {
    throw new TypeError('The file of the API has no such service.');
  }
  return definition as ServiceDefinition;
}
