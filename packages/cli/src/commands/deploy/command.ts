import { join } from 'node:path';
import { renderDiagnostic } from '@enclos/build/diagnostics';
import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { deployFormats, profiles, type DeployFlags } from '@enclos/kubernetes';
import { printable, type Printer } from '@enclos/command-line';
import { deploy, type DeployOutcome, type MadeSettings } from './deploy.ts';

export const command = defineCommand({
  description: [
    'Reads deploy.json and writes the Kubernetes objects that run an image: Deployment, StatefulSet or Job, Service, ServiceAccount, NetworkPolicy, PodDisruptionBudget, HorizontalPodAutoscaler and the roots of software platforms.',
    'None of it is measured, and you do not have to trust it.',
    'docs/reference/deploy-json.md describes every key.',
    'Without deploy.json the command makes one from enclave.json or from the image: ports, memory, and when a pod is ready. It never changes one that is there.',
    '',
    'Pods run as a user without rights on a read-only root, and reach only what is declared: the ports and destinations in deploy.json, or else those in the enclave.json of the same folder.',
    'Images are named by digest.',
    'A profile says what protects the enclave, and the manifest repeats it: software and podman for software SGX, sgx and aks-sgx for Intel SGX, aks-snp for confidential VM nodes of AKS.',
    '',
    'The manifests must pass `enclos lint` before anything is written.',
    'Files that this command did not write are never overwritten.',
  ],
  arguments: {
    target: { value: 'FOLDER|FILE', summary: 'Where deploy.json is', default: '.', extensions: ['json'] },
  },
  options: {
    profile: {
      type: 'string',
      value: 'PROFILE',
      choices: profiles,
      summary: 'Where the pods run, instead of what deploy.json says',
    },
    image: {
      type: 'string',
      value: 'IMAGE',
      summary: 'The image, as NAME@sha256:DIGEST, instead of what deploy.json says',
    },
    'image-layout': {
      type: 'string',
      value: 'PATH',
      summary: 'A local layout or archive: it is verified, and gives the digest and the enclave',
    },
    namespace: { type: 'string', value: 'NAME', summary: 'The namespace, instead of what deploy.json says' },
    replicas: { type: 'string', value: 'COUNT', summary: 'The number of pods, instead of what deploy.json says' },
    epc: { type: 'string', value: 'SIZE', summary: 'EPC of each pod, such as 64Mi, instead of what deploy.json says' },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: deployFormats,
      default: 'yaml',
      summary: 'One file, or a kustomize base',
    },
    out: { type: 'string', value: 'DIR', summary: 'Where the files go, instead of deploy/PROFILE' },
    print: { type: 'boolean', summary: 'Print the YAML, and write nothing' },
    'dry-run': { type: 'boolean', summary: 'Show the difference from what is on disk, and write nothing' },
  },
  examples: [
    {
      command: 'enclos deploy --image registry.example/vault@sha256:DIGEST',
      summary: 'Use the deploy.json in this folder',
    },
    {
      command: 'enclos deploy --image registry.example/vault --image-layout .enclos/vault.oci',
      summary: 'Take the digest from the image that was built here',
    },
    { command: 'enclos deploy --profile aks-sgx --dry-run', summary: 'See what would change' },
    { command: 'enclos deploy --profile podman --print', summary: 'Print what `podman kube play -` takes' },
    { command: 'enclos deploy --format kustomize --out base', summary: 'Write a base for overlays' },
  ],
  exitCodes: { 3: 'The image is not what it claims to be.' },
  async run({ arguments: { target }, options }, { io, path, notes }): Promise<DeployOutcome & Display> {
    const { profile, image, namespace, epc, out, format, print } = options;
    if (print && format === 'kustomize') refuseUsage('--print shows one file; a kustomize base has several.');
    const flags: DeployFlags = {
      ...(profile === undefined ? {} : { profile }),
      ...(image === undefined ? {} : { image }),
      ...(namespace === undefined ? {} : { namespace: nameOption(namespace) }),
      ...(epc === undefined ? {} : { epc }),
      ...(options.replicas === undefined ? {} : { replicas: countOption(options.replicas) }),
    };
    const dryRun = options['dry-run'];
    const outcome = await deploy({
      target: path(target),
      flags,
      format,
      dryRun: dryRun || print,
      now: io.now(),
      outFolder: path(out),
      imageLayout: path(options['image-layout']),
    });
    // Standard output holds only the manifest or the diff.
    if (outcome.written) return { ...outcome, show: 'files' };
    if (outcome.made !== undefined) renderMade(outcome.made, 'would write', notes);
    for (const note of outcome.plan.notes) notes.line(`${markOf('info', notes)} ${printable(note)}`);
    return { ...outcome, show: print ? 'yaml' : 'diff' };
  },
  human(outcome, printer) {
    const { show, files, changes } = outcome;
    if (show === 'files' && outcome.made !== undefined) renderMade(outcome.made, 'wrote', printer);
    if (show === 'yaml') {
      for (const { content } of files) printer.line(content.trimEnd());
    } else if (show === 'diff') {
      for (const { diff } of changes) if (diff !== '') printer.line(coloured(diff.trimEnd(), printer));
      if (changes.every(({ kind }) => kind === 'same')) printer.line(`${markOf('ok', printer)} nothing to change`);
    } else renderOutcome(outcome, printer);
  },
  json: ({ plan, folder, files, changes, warnings, written, made }) => ({
    name: plan.name,
    settings: made === undefined ? null : { file: made.file, from: made.from, ...made.settings },
    profile: plan.profile,
    boundary: plan.boundary,
    notes: plan.notes,
    folder,
    written,
    changes,
    warnings,
    objects: plan.objects,
    files: files.map(({ name }) => name),
  }),
});

interface Display {
  readonly show: 'yaml' | 'diff' | 'files';
}

const dnsLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function nameOption(text: string): string {
  if (dnsLabel.test(text)) return text;
  return refuseUsage(`--namespace is a name of lower-case letters, digits and hyphens, not ${JSON.stringify(text)}.`);
}

function countOption(text: string): number {
  if (/^\d{1,3}$|^1000$/.test(text)) return Number(text);
  return refuseUsage(`--replicas is a number from 0 to 1000, not ${JSON.stringify(text)}.`);
}

function coloured(diff: string, printer: Printer): string {
  const styles = { '+': 'green', '-': 'red', '@': 'cyan' } as const;
  return diff
    .split('\n')
    .map((line) => {
      const style = Object.entries(styles).find(([mark]) => line.startsWith(mark))?.[1];
      return style === undefined ? printable(line) : printer.paint(style, printable(line));
    })
    .join('\n');
}

/** What was chosen for an enclave without settings, and which keys change it. */
function renderMade(
  { file, from, settings, hostFolders }: MadeSettings,
  word: 'wrote' | 'would write',
  printer: Printer,
): void {
  const { kind, listen = [], resources = {} } = settings;
  printer.line(`${markOf('ok', printer)} ${word} ${printable(file)}, made from ${from}`);
  const ports = listen.map(({ name, port }) => `${port} (${name})`).join(', ');
  const amounts = Object.entries(resources).map(([name, amount]) => `${amount} ${name}`);
  const serving = [
    ['listen', ports],
    ['service', 'pods of the namespace reach the ports, and nothing else does'],
    ['probes', `a pod is ready when its port ${listen[0]?.port} accepts connections`],
  ] as const;
  const facts = [
    ['kind', listen.length > 0 ? `${kind}` : `${kind}, because the enclave does not listen: it runs once`],
    ['resources', `${amounts.join(', ')} for each pod`],
    ...(listen.length > 0 ? serving : []),
    ...(hostFolders.length > 0 ? [['volumes', volumesText(hostFolders)] as const] : []),
  ] as const;
  renderFacts(facts, printer);
}

function volumesText(hostFolders: readonly string[]): string {
  return `none yet: the enclave has folders of its host at ${hostFolders.join(', ')}, and the root of a pod is read-only. Give each a volume`;
}

function renderOutcome({ plan, folder, changes, warnings }: DeployOutcome, printer: Printer): void {
  const words = { new: 'wrote', changed: 'rewrote', same: 'unchanged', gone: 'removed', foreign: 'left' } as const;
  for (const { name, kind } of changes) {
    printer.line(`${markOf('ok', printer)} ${words[kind]} ${printable(join(folder, name))}`);
  }
  printer.line(`  ${printer.paint('dim', 'boundary:')} ${plan.boundary}`);
  for (const note of plan.notes) printer.line(`${markOf('info', printer)} ${printable(note)}`);
  for (const warning of warnings) {
    printer.line(renderDiagnostic(warning, { color: printer.color, width: printer.width }));
  }
}
