import { parseArgs, type ParseArgsConfig } from 'node:util';
import { EnclosError } from '@enclos/errors';

export interface ServeCommand {
  readonly kind: 'serve';
  readonly certificate: string;
  readonly key: string;
  readonly host: string | undefined;
  readonly port: number;
  readonly healthPort: number;
  readonly drainMs: number;
  readonly reloadMs: number;
}

export interface CertificatesCommand {
  readonly kind: 'certificates';
  readonly folder: string;
  readonly name: string;
  readonly namespace: string;
  readonly renew: boolean;
}

export interface ManifestsCommand {
  readonly kind: 'manifests';
  readonly folder: string;
  readonly certificates: string | undefined;
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly apiServerNetworks: readonly string[];
  readonly apiServerAgent: { readonly key: string; readonly value: string } | undefined;
  readonly monitoringNamespace: string | undefined;
}

export type Command = ServeCommand | CertificatesCommand | ManifestsCommand | { readonly kind: 'help' };

export const helpText = `enclos-admission serve --certificate FILE --key FILE [--host ADDRESS] [--port 8443]
    [--health-port 8081] [--drain-seconds 5] [--reload-seconds 5]
  Answers reviews at /mutate over TLS 1.3, and /healthz, /readyz and /metrics over HTTP.

enclos-admission certificates --folder FOLDER [--name enclos-admission] [--namespace enclos-system] [--renew]
  Makes an authority and a serving certificate in FOLDER, and renews what is due. Keep FOLDER.

enclos-admission manifests --folder FOLDER --image IMAGE [--certificates FOLDER] [--name enclos-admission]
    [--namespace enclos-system] [--replicas 2] [--api-server-network CIDR]...
    [--api-server-agent LABEL=VALUE] [--monitoring-namespace NAME]
  Writes the manifests, with the authority and the certificate of the command above.
`;

const text = { type: 'string' } as const;
const place = { name: { ...text, default: 'enclos-admission' }, namespace: { ...text, default: 'enclos-system' } };
const imageWithDigest = /^[\w./:-]+@sha256:[0-9a-f]{64}$/;
const dnsLabel = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws ADMISSION_USAGE */
export function parseCommandLine(args: readonly string[]): Command {
  const [command, ...rest] = args;
  switch (command) {
    case 'serve':
      return parseServe(rest);
    case 'certificates':
      return parseCertificates(rest);
    case 'manifests':
      return parseManifests(rest);
    case undefined:
    case 'help':
    case '--help':
      return { kind: 'help' };
    default:
      return refuse('The commands are serve, certificates and manifests.');
  }
}

function parseServe(args: readonly string[]): ServeCommand {
  const { certificate, key, host, ...numbers } = parse(args, {
    certificate: text,
    key: text,
    host: text,
    port: { ...text, default: '8443' },
    'health-port': { ...text, default: '8081' },
    'drain-seconds': { ...text, default: '5' },
    'reload-seconds': { ...text, default: '5' },
  });
  return {
    kind: 'serve',
    certificate: needed(certificate, '--certificate'),
    key: needed(key, '--key'),
    host,
    port: wholeNumber(numbers.port, '--port', 0, 65_535),
    healthPort: wholeNumber(numbers['health-port'], '--health-port', 0, 65_535),
    drainMs: 1000 * wholeNumber(numbers['drain-seconds'], '--drain-seconds', 0, 300),
    reloadMs: 1000 * wholeNumber(numbers['reload-seconds'], '--reload-seconds', 1, 3600),
  };
}

function parseCertificates(args: readonly string[]): CertificatesCommand {
  const values = parse(args, { ...place, folder: text, renew: { type: 'boolean', default: false } });
  return { kind: 'certificates', folder: needed(values.folder, '--folder'), renew: values.renew, ...placeOf(values) };
}

function parseManifests(args: readonly string[]): ManifestsCommand {
  const values = parse(args, {
    ...place,
    folder: text,
    image: text,
    certificates: text,
    replicas: { ...text, default: '2' },
    'api-server-network': { ...text, multiple: true, default: [] },
    'api-server-agent': text,
    'monitoring-namespace': text,
  });
  const { certificates, 'monitoring-namespace': monitoringNamespace } = values;
  const image = needed(values.image, '--image');
  // What runs next to the API server's requests is named by what it is, not by a name that can come to mean something else.
  if (!imageWithDigest.test(image)) refuse('--image names an image with its digest: NAME@sha256:HEX.');
  if (monitoringNamespace !== undefined) checkLabel(monitoringNamespace, '--monitoring-namespace');
  return {
    kind: 'manifests',
    folder: needed(values.folder, '--folder'),
    image,
    certificates,
    replicas: wholeNumber(values.replicas, '--replicas', 1, 100),
    apiServerNetworks: values['api-server-network'].map(checkNetwork),
    apiServerAgent: parseLabel(values['api-server-agent']),
    monitoringNamespace,
    ...placeOf(values),
  };
}

function placeOf({ name, namespace }: { name: string; namespace: string }): { name: string; namespace: string } {
  checkLabel(name, '--name');
  checkLabel(namespace, '--namespace');
  return { name, namespace };
}

function checkLabel(value: string, option: string): void {
  if (!dnsLabel.test(value)) refuse(`${option} is a name of lower-case letters, digits and hyphens.`);
}

function checkNetwork(value: string): string {
  if (!/^[0-9a-fA-F:.]{2,39}\/\d{1,3}$/.test(value)) refuse('--api-server-network is a network such as 10.0.0.0/24.');
  return value;
}

function parseLabel(label: string | undefined): { key: string; value: string } | undefined {
  if (label === undefined) return undefined;
  const [, key, value] = /^([a-z0-9./-]{1,253})=([\w.-]{1,63})$/i.exec(label) ?? [];
  if (key !== undefined && value !== undefined) return { key, value };
  return refuse('--api-server-agent is a label such as app=konnectivity-agent.');
}

function parse<const T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    return refuse(error instanceof Error ? `${error.message.split('.', 1)[0] ?? ''}.` : 'The options are wrong.');
  }
}

function needed(value: string | undefined, option: string): string {
  return value === undefined || value === '' ? refuse(`${option} is missing.`) : value;
}

function wholeNumber(value: string, option: string, least: number, most: number): number {
  const number = /^\d{1,6}$/.test(value) ? Number(value) : -1;
  return number >= least && number <= most ? number : refuse(`${option} is a number from ${least} to ${most}.`);
}

function refuse(message: string): never {
  throw new EnclosError('ADMISSION_USAGE', message);
}
