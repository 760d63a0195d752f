import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { renderWarnings } from '@enclos/cli-frame/failures';
import { exists, layerCacheFolder } from '@enclos/cli-frame/files';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { Architecture, BaseChoice } from '@enclos/image';
import { grouped } from '@enclos/command-line';
import { defaultHost } from '../../project/options.ts';
import { imageBuild } from './build-image.ts';
import { imageWarnings } from './image-warnings.ts';

export const command = defineCommand({
  description: [
    'Makes a container image of a project whose enclave is built and signed: a base, the host program with its packages in one file, the enclave and its signature.',
    'It needs no container engine, and uses none.',
    '',
    'The same enclave, signature, sources and base give the same digest in any folder, time zone and account.',
    'The time of the image is SOURCE_DATE_EPOCH, or 1970.',
    'With --sgx it holds that file as it is, and the program that runs it; MRENCLAVE is measured and held to its SIGSTRUCT.',
    'Labels hold MRENCLAVE, MRSIGNER, product and security version; a bill of materials (CycloneDX 1.6) and an unsigned statement of provenance (in-toto, SLSA 1) refer to the image.',
    '',
    'The base `node` has the interpreter that the enclave pins, the libraries that it needs, user names and root certificates: no shell and no package manager.',
    'mmdebstrap makes the base `debian`.',
    'Any other value is a path: an OCI layout, an archive of one, or a tar of a root folder.',
    'The image runs as user 65532, also with a read-only root if /tmp is writable.',
  ],
  arguments: {
    folder: { value: 'FOLDER', summary: 'The folder of enclave.json; with --sgx, of the host program', default: '.' },
  },
  options: {
    base: {
      type: 'string',
      value: 'node|debian|PATH',
      default: 'node',
      summary: 'The base that the application is added to',
    },
    'base-tag': { type: 'string', value: 'TAG', summary: 'Which image of a base that is a layout with several' },
    host: { type: 'string', value: 'FILE', default: defaultHost, summary: 'The host program, in the folder' },
    program: {
      type: 'string',
      value: 'NAME=FILE',
      multiple: true,
      summary: 'Another program in the folder, as /app/NAME.mjs, which a pod can start by its command',
    },
    sgx: {
      type: 'string',
      value: 'FILE',
      summary: 'Carry this signed enclave of Intel’s SGX SDK or of Open Enclave, instead of that of a project',
    },
    signature: {
      type: 'string',
      value: 'FILE',
      summary: 'The signature of the enclave, instead of NAME.sig beside it',
      extensions: ['sig'],
    },
    relayed: {
      type: 'boolean',
      summary: 'Take the enclave that `enclos build --relayed` made; the image is in FOLDER/.enclos/relayed',
    },
    file: {
      type: 'string',
      value: 'FILE[:PLACE]',
      multiple: true,
      summary: 'Another file for /app, and its place there; by default it keeps its name',
    },
    tag: { type: 'string', value: 'TAG', default: 'latest', summary: 'The name of the image in its layout' },
    out: { type: 'string', value: 'DIR', summary: 'The OCI layout, instead of FOLDER/.enclos/NAME.oci' },
    archive: {
      type: 'string',
      value: 'FILE',
      summary: 'Also write the image as one file, for `docker load` and `podman load`',
      extensions: ['tar'],
    },
    platform: {
      type: 'string',
      value: 'PLATFORM',
      choices: ['linux/amd64', 'linux/arm64'],
      summary: 'The platform of the image, instead of that of this machine; nothing in it is run',
    },
    libraries: {
      type: 'string',
      value: 'DIR',
      summary: 'The folder of the libraries of the interpreter, instead of that of Debian',
    },
    interpreter: {
      type: 'string',
      value: 'FILE',
      summary: 'The Node that the enclave pins, instead of the one that npm installed',
    },
    'no-cache': { type: 'boolean', summary: 'Do not use the cache of compressed bases' },
  },
  examples: [
    { command: 'enclos image build', summary: 'For the project in this folder' },
    { command: 'enclos image build --archive vault.tar', summary: 'Also write a file that `podman load` takes' },
    {
      command: 'enclos image build --base debian --file models/small.bin:models/small.bin',
      summary: 'On Debian, with a file beside it',
    },
    {
      command: 'enclos image build --sgx enclave.signed.so',
      summary: 'With a signed enclave of another SDK, whose host program calls loadSgxEnclave',
    },
    {
      command: 'enclos image build --program client=src/client.ts',
      summary: 'With a client of the enclave, which runs in other pods',
    },
  ],
  exitCodes: { 3: 'The enclave, its signature and the interpreter do not belong together.' },
  async run({ arguments: { folder }, options }, { io, path, progress, notes }) {
    const { platform, base, host, program, relayed, signature, file, tag, out, archive, libraries, interpreter, sgx } =
      options;
    if (sgx !== undefined && (relayed || signature !== undefined)) {
      refuseUsage('--relayed and --signature are for the enclave of a project: the file of --sgx holds its signature.');
    }
    const chosenBase = await baseOf(base, options['base-tag'], path);
    const outcome = await progress.during('building the image', () =>
      imageBuild({
        folder: path(folder),
        signedFile: path(sgx),
        base: chosenBase,
        host,
        programs: (program ?? []).map(programOf),
        relayed,
        signatureFile: path(signature),
        outFolder: path(out),
        archiveFile: path(archive),
        tag: requireTag(tag),
        files: (file ?? []).map((given) => fileOf(given, path)),
        architecture: architectureOf(platform),
        libraryFolder: path(libraries),
        interpreter: path(interpreter),
        cacheFolder: options['no-cache'] ? undefined : layerCacheFolder(io.env),
        sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'],
      }),
    );
    renderWarnings(outcome.warnings, notes);
    for (const text of imageWarnings(outcome, chosenBase)) notes.line(`${markOf('warning', notes)} ${text}`);
    return outcome;
  },
  human({ name, descriptor, identity, layers, sizeBytes, layout, archive, sbom, provenance }, printer) {
    printer.line(`${markOf('ok', printer)} built ${name}, ${grouped(sizeBytes)} bytes in ${layers.length} layers`);
    renderFacts(
      [
        ['digest', descriptor.digest],
        ...layerFacts(layers),
        ['MRENCLAVE', identity.mrEnclave],
        ['MRSIGNER', identity.mrSigner],
        ['layout', layout],
        ...(archive === undefined ? [] : [['archive', archive] as const]),
        ['bill of materials', sbom.digest],
        ['provenance', provenance.digest],
      ],
      printer,
    );
  },
  json: ({
    name,
    descriptor,
    identity,
    config,
    layers,
    sbom,
    provenance,
    architecture,
    layout,
    archive,
    sizeBytes,
    cached,
  }) => ({
    name,
    digest: descriptor.digest,
    config,
    identity,
    architecture,
    layers: layers.map(({ digest, size }) => ({ digest, sizeBytes: size })),
    sizeBytes,
    sbom: sbom.digest,
    provenance: provenance.digest,
    layout,
    archive: archive ?? null,
    cached,
  }),
});

/** The last layer is the application; what is below it, other images of the same base have too. */
function layerFacts(layers: readonly { readonly size: number }[]): readonly (readonly [string, string])[] {
  const application = layers.at(-1)?.size ?? 0;
  const base = layers.reduce((sum, { size }) => sum + size, -application);
  return [
    ['base', `${grouped(base)} bytes`],
    ['application layer', `${grouped(application)} bytes`],
  ];
}

function architectureOf(platform: 'linux/amd64' | 'linux/arm64' | undefined): Architecture | undefined {
  if (platform === undefined) return undefined;
  return platform === 'linux/amd64' ? 'amd64' : 'arm64';
}

async function baseOf(base: string, tag: string | undefined, path: (given: string) => string): Promise<BaseChoice> {
  if (base === 'node' || base === 'debian') {
    return tag === undefined ? base : refuseUsage('--base-tag is for a base that is an OCI layout.');
  }
  if (await exists(path(base))) return { path: path(base), tag };
  return refuseUsage(`--base is node, debian or a path, and there is nothing at ${path(base)}.`);
}

/** The grammar of the distribution specification. */
function requireTag(tag: string): string {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(tag)) return tag;
  return refuseUsage(`--tag is letters, digits, dots, dashes and underscores, not ${JSON.stringify(tag)}.`);
}

function programOf(given: string): { readonly name: string; readonly source: string } {
  const [, name, source] = /^([a-z0-9](?:[a-z0-9-]{0,62}))=(.+)$/.exec(given) ?? [];
  if (name !== undefined && source !== undefined) return { name, source };
  return refuseUsage(
    `--program is NAME=FILE, with lower-case letters, digits and hyphens in NAME, not ${JSON.stringify(given)}.`,
  );
}

function fileOf(given: string, path: (given: string) => string): { readonly source: string; readonly path: string } {
  const colon = given.lastIndexOf(':');
  const [source, place] = colon < 0 ? [given, given] : [given.slice(0, colon), given.slice(colon + 1)];
  const parts = place.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return refuseUsage(`${JSON.stringify(place)} is not a place below /app. Write FILE:PLACE.`);
  }
  return { source: path(source), path: place };
}
