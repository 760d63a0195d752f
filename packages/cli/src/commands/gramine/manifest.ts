import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { Printer } from '@enclos/command-line';
import { shellWord } from '@enclos/command-line';
import {
  gramineDefaults,
  planGramineManifest,
  writeGramineManifest,
  type GramineManifestOptions,
  type GramineManifestOutcome,
} from './gramine-manifest.ts';
import type { GraminePlan } from './plan.ts';

export const command = defineCommand({
  description: [
    'Collects what a signed image needs to run in Gramine 1.9 on Intel SGX in one folder: NAME.manifest, copies of the image, the interpreter, the program and the libraries, and NAME.reference-values.json.',
    'It was written from Gramine’s documents and source, and has not yet run on hardware.',
    '',
    'The manifest names every file that the enclave can open, with its SHA-256: Gramine’s libos and C library where they are installed, the Node that the image pins, the libraries that Node needs, the program and the image.',
    'The libraries are read from the ELF files; nothing is run.',
    'The same files, paths and settings give the same bytes.',
    'Paths are measured, so give --at when the folder will be in another place.',
    '',
    'Gramine’s MRENCLAVE covers the installed build of Gramine, so it is not computed here.',
    '`gramine-sgx-sign` computes it when it signs the manifest.',
    'Run this command again after that: it takes Gramine’s MRENCLAVE from NAME.sig and adds it to the reference values, beside that of the software platform.',
  ],
  arguments: {
    target: {
      value: 'FOLDER|IMAGE',
      summary: 'A built and signed project, or an image',
      default: '.',
      extensions: ['sgxs'],
    },
  },
  options: {
    signature: {
      type: 'string',
      value: 'FILE',
      summary: 'The signature of the image, instead of NAME.sig beside it',
      extensions: ['sig'],
    },
    out: { type: 'string', value: 'DIR', summary: 'Where everything goes, instead of `gramine` beside the image' },
    at: {
      type: 'string',
      value: 'DIR',
      summary: 'Where that folder will be on the machine that runs the enclave, instead of where it is',
    },
    gramine: {
      type: 'string',
      value: 'DIR',
      default: gramineDefaults.gramineFolder,
      summary: 'Where Gramine is installed, on both machines: the folder of libsysdb.so',
    },
    libraries: {
      type: 'string',
      value: 'DIR',
      default: gramineDefaults.libraryFolder,
      summary: 'The folder of the libraries that Gramine does not bring',
    },
    interpreter: {
      type: 'string',
      value: 'FILE',
      summary: 'The Node that the image pins, instead of the one that npm installed',
    },
    'enclave-size': {
      type: 'string',
      value: 'SIZE',
      summary:
        'The size of the enclave, a power of two such as 4G, instead of one that fits the heap of the image; Node needs at least 2G',
    },
    threads: { type: 'string', value: 'COUNT', summary: 'Threads of the enclave, 16 to 1024, instead of 32' },
    edmm: { type: 'boolean', summary: 'Add memory on demand (SGX2, Linux 6.0 or later)' },
    'host-eventfd': {
      type: 'boolean',
      summary: 'Let the host emulate eventfd(2), for a Gramine that cannot emulate it inside',
    },
    print: { type: 'boolean', summary: 'Print the manifest, and write nothing' },
  },
  examples: [
    { command: 'enclos gramine manifest', summary: 'For the project in this folder' },
    {
      command: 'enclos gramine manifest vault.sgxs --out dist --at /opt/vault',
      summary: 'For an image whose files will be in /opt/vault',
    },
    { command: 'enclos gramine manifest --print', summary: 'Look at the manifest first' },
  ],
  exitCodes: {
    3: 'The image, its signature and the interpreter do not belong together, or Gramine’s signature is of another manifest.',
  },
  async run({ arguments: { target }, options }, context): Promise<GramineManifestOutcome | GraminePlan> {
    const { signature, out, at, gramine, libraries, interpreter, edmm, print } = options;
    const { path, progress } = context;
    const given: GramineManifestOptions = {
      target: path(target),
      gramineFolder: path(gramine),
      libraryFolder: path(libraries),
      edmm,
      hostEventfd: options['host-eventfd'],
      signatureFile: path(signature),
      outFolder: path(out),
      at,
      ...(interpreter === undefined ? {} : { interpreter: path(interpreter) }),
      ...sizeOption(options['enclave-size']),
      ...threadsOption(options.threads),
    };
    const outcome = await progress.during<GramineManifestOutcome | GraminePlan>('hashing', () =>
      print ? planGramineManifest(given) : writeGramineManifest(given),
    );
    warn(outcome, context);
    return outcome;
  },
  human(outcome, printer) {
    if ('values' in outcome) renderOutcome(outcome, printer);
    else printer.line(outcome.manifest.trimEnd());
  },
  json: (outcome) => outcome,
});

function sizeOption(text: string | undefined): { readonly enclaveSizeBytes?: number } {
  if (text === undefined) return {};
  const [, count, unit] = /^([1-9]\d{0,6})([MG])$/.exec(text) ?? [];
  if (count === undefined) {
    return refuseUsage(`--enclave-size is a size such as 4G or 512M, not ${JSON.stringify(text)}.`);
  }
  return { enclaveSizeBytes: Number(count) * 2 ** (unit === 'G' ? 30 : 20) };
}

function threadsOption(text: string | undefined): { readonly threads?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text)) return refuseUsage(`--threads is a number, not ${JSON.stringify(text)}.`);
  return { threads: Number(text) };
}

function warn({ debug }: GraminePlan | GramineManifestOutcome, { notes }: CommandContext): void {
  const mark = markOf('warning', notes);
  notes.line(`${mark} for Gramine 1.9, and not yet run on hardware`);
  if (debug) notes.line(`${mark} a debug enclave: anyone who starts it can read everything inside`);
}

function renderOutcome(outcome: GramineManifestOutcome, printer: Printer): void {
  const { manifest, referenceValues, values, files, signCommand } = outcome;
  const { software, gramine } = values.platforms;
  printer.line(`${markOf('ok', printer)} wrote ${manifest}`);
  printer.line('  measured, and everything that the enclave can open:');
  renderFacts(
    files.map(({ role, sha256, path }) => [role, `${sha256}  ${path}`]),
    printer,
  );
  printer.line(`${markOf('ok', printer)} wrote ${referenceValues}`);
  renderFacts(
    [
      ['software  MRENCLAVE', software.mrEnclave],
      ['          MRSIGNER', software.mrSigner],
      [
        'Gramine   MRENCLAVE',
        gramine?.mrEnclave ?? 'unknown until the manifest is signed; sign it like this, then run this command again:',
      ],
      ...(gramine === null ? [] : [['          MRSIGNER', gramine.mrSigner] as const]),
    ],
    printer,
  );
  if (gramine === null) printer.line(`  ${[...signCommand.map(shellWord), 'KEY.pem'].join(' ')}`);
}
