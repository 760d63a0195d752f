import { defineCommand, type CommandContext } from '@enclos/cli-frame';
import { markOf } from '@enclos/cli-frame/output';
import { decodeUtf8, withoutByteOrderMark } from '@enclos/codec/text';
import { renderDiagnostic } from '@enclos/build/diagnostics';
import type { LintFinding } from '@enclos/kubernetes/lint';
import { grouped } from '@enclos/command-line';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { lint, type LintedManifests } from './lint.ts';

export const command = defineCommand({
  description: [
    'Reads Kubernetes manifests of any origin.',
    'It marks what the API server would refuse (unknown fields, wrong types, missing fields, wrong names) and what goes wrong with enclaves: SGX resources, sockets of quote providers, images, probes that cannot succeed, privileges, tolerations, Azure sizes that are being retired, webhooks.',
    'docs/reference/lint-rules.md describes every rule.',
    '',
    'Node objects among the files, as `kubectl get nodes -o yaml` prints them, give the taints and the EPC capacity that the pods are compared with.',
    'Kinds that are not part of Kubernetes are skipped.',
    'Render charts and templates first. Nothing is fetched.',
  ],
  arguments: {
    paths: {
      value: 'FILE|FOLDER|-',
      summary: 'Manifests: files, folders with YAML and JSON files, or standard input',
      required: true,
      multiple: true,
      extensions: ['yaml', 'yml', 'json'],
    },
  },
  options: {
    taint: {
      type: 'string',
      value: 'KEY[=VALUE]:EFFECT',
      summary: 'A taint of the nodes with SGX, which pods with enclaves must tolerate',
      multiple: true,
    },
    'image-labels': {
      type: 'string',
      value: 'FILE',
      summary: 'Labels of images: a JSON object that maps image references to label objects',
      extensions: ['json'],
    },
    strict: { type: 'boolean', summary: 'Fail on warnings too' },
  },
  examples: [
    { command: 'enclos lint deploy/', summary: 'Check every manifest in a folder' },
    { command: 'enclos lint deploy/ nodes.yaml', summary: 'Compare pods with the nodes of a cluster' },
    { command: 'enclos lint -', summary: 'Check what `helm template` or `kubectl kustomize` prints' },
    {
      command: 'enclos lint app.yaml --taint sgx.intel.com/epc:NoSchedule',
      summary: 'For a cluster whose nodes with SGX have a taint',
    },
  ],
  exitCodes: { 2: 'There are errors, or with --strict warnings; or the command line is wrong.' },
  async run({ arguments: { paths }, options }, context): Promise<LintSummary> {
    const { io, path: absolute } = context;
    const stdin = paths.includes('-') ? await readStdin(context) : undefined;
    const given = {
      now: io.now(),
      taints: options.taint,
      imageLabels: absolute(options['image-labels']),
    };
    const named = paths.filter((path) => path !== '-').map((path) => absolute(path));
    const outcome = await lint({ paths: named, stdin, cwd: io.cwd, ...given });
    const errors = countOf(outcome, 'error');
    const warnings = countOf(outcome, 'warning');
    return { ...outcome, errors, warnings, failed: errors > 0 || (options.strict && warnings > 0) };
  },
  human({ findings, files, documents, workloads, errors, warnings, failed }, printer) {
    for (const finding of findings) {
      printer.line(renderDiagnostic(finding, { color: printer.color, width: printer.width }));
      printer.line();
    }
    const mark = markOf(failed ? 'failure' : warnings > 0 ? 'warning' : 'ok', printer);
    const found = `${grouped(errors)} errors, ${grouped(warnings)} warnings`;
    const looked = `${grouped(documents)} documents in ${grouped(files)} files, ${grouped(workloads)} with enclaves`;
    printer.line(`${mark} ${found} (${looked})`);
  },
  json: ({ findings, files, documents, workloads, errors, warnings }) => ({
    errors,
    warnings,
    files,
    documents,
    workloads,
    findings,
  }),
  exitCode: ({ failed }) => (failed ? 2 : 0),
});

interface LintSummary extends LintedManifests {
  readonly errors: number;
  readonly warnings: number;
  readonly failed: boolean;
}

function countOf({ findings }: LintedManifests, severity: LintFinding['severity']): number {
  return findings.filter((finding) => finding.severity === severity).length;
}

const mostStdinBytes = 64 * 1024 * 1024;

async function readStdin({ io }: CommandContext): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of io.stdin) {
      bytes += piece.length;
      if (bytes > mostStdinBytes) {
        throw new EnclosError('CLI_FILE_INVALID', `Standard input is larger than ${mostStdinBytes} bytes.`);
      }
      pieces.push(piece);
    }
    return withoutByteOrderMark(decodeUtf8(Buffer.concat(pieces)));
  } catch (cause) {
    if (isEnclosError(cause, 'CLI_FILE_INVALID')) throw cause;
    throw new EnclosError('CLI_FILE_INVALID', 'Standard input is not UTF-8 text.', { cause });
  }
}
