import { wholeNumberIn, type NumberBounds } from '@enclos/command-line';
import { isImageWithDigest, isServiceName } from '@enclos/kubernetes/manifests';
import { networkPattern } from '../manifests/options.ts';
import type { CertificatesOptions, ManifestsOptions, ServeOptions } from './options.ts';
import { program } from './program.ts';

const network = new RegExp(networkPattern);
const ports: NumberBounds = { least: 0, most: 65_535 };

interface ServeInput {
  readonly certificate: string;
  readonly key: string;
  readonly 'client-ca': string | undefined;
  readonly host: string | undefined;
  readonly port: string;
  readonly 'health-port': string;
  readonly 'drain-seconds': string;
  readonly 'reload-seconds': string;
}

/** @throws ADMISSION_USAGE */
export function readServe(input: ServeInput): ServeOptions {
  const number = (option: Exclude<keyof ServeInput, 'host' | 'client-ca'>, bounds: NumberBounds): number =>
    wholeNumber(`--${option}`, input[option], bounds);
  return {
    certificate: nonEmpty('--certificate', input.certificate),
    key: nonEmpty('--key', input.key),
    clientCa: input['client-ca'],
    host: input.host,
    port: number('port', ports),
    healthPort: number('health-port', ports),
    drainMs: 1000 * number('drain-seconds', { least: 0, most: 300 }),
    reloadMs: 1000 * number('reload-seconds', { least: 1, most: 3600 }),
  };
}

interface Place {
  readonly folder: string;
  readonly name: string;
  readonly namespace: string;
}

/** @throws ADMISSION_USAGE */
export function readCertificates({ renew, ...place }: Place & { readonly renew: boolean }): CertificatesOptions {
  return { ...readPlace(place), renew };
}

interface ManifestsInput extends Place {
  readonly image: string;
  readonly certificates: string | undefined;
  readonly replicas: string;
  readonly 'api-server-network': readonly string[];
  readonly 'api-server-agent': string | undefined;
  readonly 'monitoring-namespace': string | undefined;
  readonly secret: string | undefined;
  readonly 'cert-manager': boolean;
  readonly 'client-ca': string | undefined;
  readonly monitoring: boolean;
}

/** @throws ADMISSION_USAGE */
export function readManifests(input: ManifestsInput): ManifestsOptions {
  const {
    image,
    certificates,
    secret,
    'cert-manager': certManager,
    'monitoring-namespace': monitoringNamespace,
  } = input;
  if (certManager && certificates !== undefined) {
    refuse('--cert-manager makes the certificates: leave --certificates out.');
  }
  if (secret !== undefined) checkLabel('--secret', secret);
  // What answers the API server is named by its content, not by a name that can come to mean something else.
  if (!isImageWithDigest(image)) refuse('--image names an image with its digest: NAME@sha256:HEX.');
  if (monitoringNamespace !== undefined) checkLabel('--monitoring-namespace', monitoringNamespace);
  return {
    ...readPlace(input),
    image,
    certificates,
    replicas: wholeNumber('--replicas', input.replicas, { least: 1, most: 100 }),
    apiServerNetworks: input['api-server-network'].map(checkNetwork),
    apiServerAgent: parseLabel(input['api-server-agent']),
    monitoringNamespace,
    secret,
    certManager,
    monitoring: input.monitoring,
    clientCa: input['client-ca'],
  };
}

function readPlace({ folder, name, namespace }: Place): Place {
  checkLabel('--name', name);
  checkLabel('--namespace', namespace);
  return { folder: nonEmpty('--folder', folder), name, namespace };
}

function checkLabel(option: string, value: string): void {
  if (!isServiceName(value)) refuse(`${option} is a name of lower-case letters, digits and hyphens.`);
}

function checkNetwork(value: string): string {
  if (!network.test(value)) refuse('--api-server-network is a network such as 10.0.0.0/24.');
  return value;
}

function parseLabel(label: string | undefined): { key: string; value: string } | undefined {
  if (label === undefined) return undefined;
  const [, key, value] = /^([a-z0-9./-]{1,253})=([\w.-]{1,63})$/i.exec(label) ?? [];
  if (key !== undefined && value !== undefined) return { key, value };
  return refuse('--api-server-agent is a label such as app=konnectivity-agent.');
}

function nonEmpty(option: string, value: string): string {
  return value === '' ? refuse(`${option} is empty.`) : value;
}

function wholeNumber(option: string, text: string, bounds: NumberBounds): number {
  const value = wholeNumberIn(text, bounds);
  return value ?? refuse(`${option} is a number from ${bounds.least} to ${bounds.most}.`);
}

function refuse(message: string): never {
  return program.refuse(message);
}
