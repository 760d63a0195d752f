import { monitoringSetting } from '@enclos/charts';
import { commandsWith, readCall, type Call, type CommandEntry, type OptionSpecs } from '@enclos/command-line';
import type { CertificatesOptions, ManifestsOptions, ServeOptions } from './options.ts';
import { program } from './program.ts';
import { readCertificates, readManifests, readServe } from './read-options.ts';

/** What the commands of the program do. */
export interface Actions {
  readonly serve: (options: ServeOptions) => Promise<void>;
  readonly certificates: (options: CertificatesOptions) => Promise<void>;
  readonly manifests: (options: ManifestsOptions) => Promise<void>;
}

const defineCommand = commandsWith<Actions>();

const placeOptions = {
  name: { type: 'string', value: 'NAME', default: 'enclos-admission', summary: 'Name of every object' },
  namespace: { type: 'string', value: 'NAME', default: 'enclos-admission', summary: 'Namespace of the webhook' },
} as const satisfies OptionSpecs;

const serve = defineCommand({
  description: [
    'Answers reviews at /mutate over TLS 1.3, and /healthz, /readyz and /metrics over HTTP.',
    'The certificate is read again when its files change. SIGTERM and SIGINT end it: it answers what has begun first.',
  ],
  arguments: {},
  options: {
    certificate: { type: 'string', value: 'FILE', required: true, summary: 'The certificate chain, PEM' },
    key: { type: 'string', value: 'FILE', required: true, summary: 'The private key of its first certificate, PEM' },
    'client-ca': {
      type: 'string',
      value: 'FILE',
      summary: 'Answer only clients with a certificate of these authorities, PEM; read again when it changes',
    },
    host: { type: 'string', value: 'ADDRESS', summary: 'Listen at this address only' },
    port: { type: 'string', value: 'PORT', default: '8443', summary: 'Where reviews are answered' },
    'health-port': { type: 'string', value: 'PORT', default: '8081', summary: 'Where health and metrics are' },
    'drain-seconds': {
      type: 'string',
      value: 'SECONDS',
      default: '5',
      summary: 'How long reviews are still accepted after a signal, until every API server has heard of it',
    },
    'reload-seconds': {
      type: 'string',
      value: 'SECONDS',
      default: '5',
      summary: 'How often the files of the certificate are read',
    },
  },
  examples: [
    {
      command: 'enclos-admission serve --certificate tls.crt --key tls.key',
      summary: 'Answer reviews at port 8443',
    },
  ],
  exitCodes: {},
  run: ({ options }, actions) => actions.serve(readServe(options)),
});

const certificates = defineCommand({
  description: [
    'Makes an authority and a serving certificate in a folder, and renews what is due.',
    'Keep the folder: it holds the keys, and the next run goes on from it.',
  ],
  arguments: {},
  options: {
    folder: { type: 'string', value: 'DIR', required: true, summary: 'The folder of the authority' },
    ...placeOptions,
    renew: { type: 'boolean', summary: 'Renew the serving certificate now' },
  },
  examples: [{ command: 'enclos-admission certificates --folder authority', summary: 'Make or renew certificates' }],
  exitCodes: {},
  run: ({ options }, actions) => actions.certificates(readCertificates(options)),
});

const manifests = defineCommand({
  description: [
    'Writes the manifests of the webhook, with the authority and the certificate that `certificates` made.',
    'Without --certificates, something else has to fill in caBundle and the Secret.',
  ],
  arguments: {},
  options: {
    folder: { type: 'string', value: 'DIR', required: true, summary: 'Where the manifests are written' },
    image: { type: 'string', value: 'NAME@sha256:HEX', required: true, summary: 'The image, named with its digest' },
    certificates: { type: 'string', value: 'DIR', summary: 'The folder of the authority' },
    ...placeOptions,
    replicas: { type: 'string', value: 'N', default: '2', summary: 'How many pods answer' },
    'api-server-network': {
      type: 'string',
      value: 'CIDR',
      multiple: true,
      summary: 'A network that reviews may come from; from anywhere when none is named',
    },
    'api-server-agent': {
      type: 'string',
      value: 'LABEL=VALUE',
      summary: 'A label of the pods in kube-system through which API servers reach into the cluster',
    },
    secret: {
      type: 'string',
      value: 'NAME',
      summary: 'The Secret with tls.crt and tls.key, which something else makes: none is written',
    },
    'cert-manager': {
      type: 'boolean',
      summary: 'Have cert-manager make the authority, the certificate and the Secret, and fill in caBundle',
    },
    'client-ca': {
      type: 'string',
      value: 'FILE',
      summary: 'Answer only API servers with a certificate of these authorities, PEM',
    },
    monitoring: { type: 'boolean', summary: monitoringSetting.summary },
    'monitoring-namespace': { type: 'string', value: 'NAME', summary: 'The namespace of Prometheus' },
  },
  examples: [
    {
      command: 'enclos-admission manifests --folder deploy --certificates authority --image NAME@sha256:HEX',
      summary: 'Write what `kubectl apply -k deploy` applies',
    },
  ],
  exitCodes: {},
  run: ({ options }, actions) => actions.manifests(readManifests(options)),
});

const entries: readonly CommandEntry<Actions>[] = [
  { name: ['serve'], category: 'Webhook', summary: 'Answer reviews', load: () => Promise.resolve(serve) },
  {
    name: ['certificates'],
    category: 'Installation',
    summary: 'Make or renew the certificates of the webhook',
    load: () => Promise.resolve(certificates),
  },
  {
    name: ['manifests'],
    category: 'Installation',
    summary: 'Write the manifests of the webhook',
    load: () => Promise.resolve(manifests),
  },
];

/** @throws ADMISSION_USAGE */
export function readCommandLine(argv: readonly string[]): Promise<Call<Actions>> {
  return readCall(program, entries, argv);
}
