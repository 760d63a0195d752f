import { monitoringSetting } from '@enclos/charts';
import {
  helpText,
  parseCommand,
  usageLine,
  wholeNumberIn,
  type CommandInput,
  type CommandShape,
} from '@enclos/command-line';
import { isImageWithDigest, isServiceName } from '@enclos/kubernetes/manifests';
import { agentCommand, program } from '../agent-command.ts';
import { maxDraDevices } from '../dra/driver.ts';
import { maxDevices } from '../limits.ts';
import { collateralAddress } from '../options.ts';
import { architectures, hasSoftware, type Architecture, type ManifestOptions } from './options.ts';

const manifestsWord = 'manifests';

const title = {
  name: `${program.name} ${manifestsWord}`,
  summary: 'Write the manifests that run the agent on every Linux node',
};
const {
  devices,
  dra,
  'own-vendor': ownVendor,
  'no-cgroup': noCgroup,
  'no-hardware': noHardware,
  'allow-missing-isolation': allowMissingIsolation,
  events,
  'pod-events': podEvents,
  'node-condition': condition,
  'node-label': label,
} = agentCommand.options;

const manifestsCommand = {
  description: [
    'Writes a namespace, a DaemonSet and a kustomization that lists them.',
    'Options that the agent has, too, are handed to it, and its privileges follow from them.',
  ],
  arguments: {},
  options: {
    folder: { type: 'string', value: 'DIR', required: true, summary: 'Where the manifests are written' },
    image: { type: 'string', value: 'NAME@sha256:HEX', required: true, summary: 'The image, named with its digest' },
    name: { type: 'string', value: 'NAME', default: 'enclos-node-agent', summary: 'Name of the DaemonSet' },
    namespace: { type: 'string', value: 'NAME', default: 'enclos-node-agent', summary: 'Namespace of the agent' },
    'own-vendor': ownVendor,
    'collateral-config-map': {
      type: 'string',
      value: 'NAME',
      summary: 'A config map with the collateral of a vendor elsewhere, in the namespace of the agent',
    },
    'collateral-url': { type: 'string', value: 'URL', summary: 'An address of it instead, as with --collateral' },
    devices,
    dra,
    arch: {
      type: 'string',
      value: 'LIST',
      default: 'amd64',
      summary: 'Architectures that the image is for: amd64, arm64, or both with a comma between them',
    },
    'no-cgroup': noCgroup,
    'no-nsenter': {
      type: 'boolean',
      summary: 'Do without SYS_PTRACE: for nodes with cgroups of version 1 or both, or without nsdelegate',
    },
    'no-hardware': noHardware,
    'allow-missing-isolation': allowMissingIsolation,
    events,
    'pod-events': podEvents,
    'node-condition': condition,
    'node-label': label,
    'no-device-policy': {
      type: 'boolean',
      summary: 'Leave out the policy of the cluster that refuses more than one software device in a container',
    },
    monitoring: { type: 'boolean', summary: monitoringSetting.summary },
  },
  examples: [
    {
      command: 'enclos-node-agent manifests --folder deploy --image NAME@sha256:HEX',
      summary: 'Write what `kubectl apply -k deploy` applies',
    },
  ],
  exitCodes: {},
  hasJson: false,
} as const satisfies CommandShape & { readonly hasJson: boolean };

/** Manifests as a command line asks for them. */
export interface ManifestRequest {
  readonly folder: string;
  readonly options: ManifestOptions;
}

export function manifestsHelp(): string {
  return helpText(title, manifestsCommand);
}

/**
 * Reads what follows `manifests`.
 * @returns undefined when it asks for help
 * @throws AGENT_USAGE
 */
export function parseManifestOptions(argv: readonly string[]): ManifestRequest | undefined {
  const parsed = parseCommand({ name: title.name, command: manifestsCommand, refuse: program.refuse }, argv);
  if (parsed === undefined) return undefined;
  const values = parsed.input.options;
  const { folder, image, name, namespace } = values;
  if (folder === '') refuse('--folder is empty.');
  if (!isImageWithDigest(image)) refuse('--image names an image with its digest: NAME@sha256:HEX.');
  for (const [option, value] of Object.entries({ name, namespace })) {
    if (!isServiceName(value)) refuse(`--${option} is a name of lower-case letters, digits and hyphens.`);
  }
  const count = wholeNumberIn(values.devices, { least: 0, most: maxDevices });
  if (count === undefined) refuse(`--devices is a whole number from 0 to ${maxDevices}.`);
  const claims = wholeNumberIn(values.dra, { least: 0, most: maxDraDevices });
  if (claims === undefined) refuse(`--dra is a whole number from 0 to ${maxDraDevices}.`);
  const isSoftware = hasSoftware({ devices: count, claims });
  if (!isSoftware && values['no-hardware']) refuse('Neither kind of device is wanted.');
  const options: ManifestOptions = {
    name,
    namespace,
    image,
    architectures: architecturesOf(values.arch),
    devices: count,
    claims,
    isOwnVendor: values['own-vendor'],
    collateral: isSoftware ? collateralOf(values) : undefined,
    hasCgroups: !values['no-cgroup'],
    entersNode: !values['no-nsenter'],
    hasHardware: !values['no-hardware'],
    allowsMissingIsolation: values['allow-missing-isolation'],
    report: reportOf(values),
    hasDevicePolicy: !values['no-device-policy'],
    hasMonitoring: values.monitoring,
  };
  return { folder, options };
}

function architecturesOf(list: string): readonly Architecture[] {
  const words = list.split(',');
  const found = architectures.filter((name) => words.includes(name));
  return found.length === words.length ? found : refuse('--arch is amd64, arm64, or both with a comma between them.');
}

type Values = CommandInput<typeof manifestsCommand.options>['options'];

function collateralOf(words: Values): ManifestOptions['collateral'] {
  const { 'collateral-config-map': configMap, 'collateral-url': url } = words;
  if (configMap === undefined && url === undefined) return undefined;
  if (words['own-vendor']) refuse('--own-vendor makes its own collateral: leave the other option out.');
  if (configMap !== undefined && url !== undefined) refuse('Give either --collateral-config-map or --collateral-url.');
  if (configMap !== undefined) {
    return isServiceName(configMap)
      ? { configMap }
      : refuse('--collateral-config-map is a name of lower-case letters, digits and hyphens.');
  }
  return { url: collateralAddress('--collateral-url', url ?? '') };
}

function reportOf(words: Values): ManifestOptions['report'] {
  const report = {
    events: words.events,
    podEvents: words['pod-events'],
    condition: words['node-condition'],
    label: words['node-label'],
  };
  return Object.values(report).includes(true) ? report : undefined;
}

function refuse(message: string): never {
  return program.refuse(message, usageLine(title.name, manifestsCommand));
}
