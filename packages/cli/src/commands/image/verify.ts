import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { hexOption } from '@enclos/cli-frame/options';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import { verifyImage, type VerifiedImage } from '@enclos/image';
import { toHex } from '@enclos/codec';
import { printable } from '@enclos/command-line';
import { withImage } from '../../images/container.ts';

export const command = defineCommand({
  description: [
    'Ties the digest of a container image to the enclave in it.',
    'Every layer is read and checked against its digest. The SGXS stream in the layers is measured again, its SIGSTRUCT is verified, and labels, annotations, variables, entry point and interpreter are compared with that.',
    'Anything that container engines could read in different ways is refused.',
    '',
    'The result says which enclave a deployment that names this digest will start.',
    'Without --mrenclave and --mrsigner any enclave passes, and `expectedOfEnclave` in the JSON is false.',
    'The result does not say what is running: for that, use `enclos verify` on evidence.',
    'The host program is not judged, and you do not have to trust it.',
  ],
  arguments: {
    image: {
      value: 'PATH|REFERENCE',
      summary: 'An OCI layout, an archive of one, or an image in a registry',
      required: true,
    },
  },
  options: {
    digest: { type: 'string', value: 'sha256:HEX', summary: 'The digest that it must have' },
    mrenclave: { type: 'string', value: 'HEX', summary: 'The MRENCLAVE that it must hold' },
    mrsigner: { type: 'string', value: 'HEX', summary: 'The MRSIGNER that it must hold' },
    'allow-debug': { type: 'boolean', summary: 'Accept a debug enclave, whose memory anyone can read' },
    tag: { type: 'string', value: 'TAG', summary: 'Which image of a layout that has several' },
  },
  examples: [
    { command: 'enclos image verify .enclos/vault.oci', summary: 'Verify what was built' },
    {
      command: 'enclos image verify registry.example/team/vault@sha256:HEX --mrsigner HEX',
      summary: 'Verify what a deployment names, and who signed it',
    },
  ],
  exitCodes: {
    3: 'The image does not hold the enclave that it claims to hold, or is damaged.',
    4: 'The image is sound, but it is not the expected one.',
  },
  run({ arguments: { image }, options }, { io, path, progress }) {
    const { digest, mrenclave, mrsigner, tag } = options;
    const hex = (name: string, value: string | undefined): string | undefined =>
      value === undefined ? undefined : toHex(hexOption(name, value, 32));
    if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) {
      refuseUsage('--digest is sha256: and 64 hex digits.');
    }
    const expected = {
      mrEnclave: hex('--mrenclave', mrenclave),
      mrSigner: hex('--mrsigner', mrsigner),
      allowDebug: options['allow-debug'],
    };
    return progress
      .during('verifying the image', () =>
        withImage({ target: image, path: path(image), tag }, io, ({ source, choice, digest: named }) =>
          verifyImage(source, choice, { ...expected, digest: digest ?? named }),
        ),
      )
      .then((verified) => ({ ...verified, expectedOfEnclave: mrenclave !== undefined || mrsigner !== undefined }));
  },
  human({ digest, name, identity, interpreter, architecture, declared, signedFile, expectedOfEnclave }, printer) {
    const warnings = [
      ...(identity.debug ? ['It is a debug enclave: anyone can read and change everything inside.'] : []),
      ...(identity.modeIsOpen && !identity.debug ? ['Its signature lets the host start it in debug mode.'] : []),
      ...(expectedOfEnclave
        ? []
        : ['No enclave was named, so an image with any enclave passes: give --mrsigner or --mrenclave.']),
    ];
    for (const warning of warnings) printer.line(`${markOf('warning', printer)} ${warning}`);
    const mark = warnings.length === 0 ? 'ok' : 'info';
    printer.line(`${markOf(mark, printer)} ${printable(digest)} holds the enclave ${printable(name)}`);
    renderFacts(
      [
        ['MRENCLAVE', identity.mrEnclave],
        ['MRSIGNER', identity.mrSigner],
        ['product', String(identity.productId)],
        ['security version', String(identity.securityVersion)],
        ['debug', debugWords(identity)],
        interpreter
          ? ['interpreter', `Node ${interpreter.version}, ${interpreter.sha256}`]
          : ['SDK', signedFile?.sdk ?? ''],
        ['for', `linux/${architecture}`],
        ...(declared?.listen ?? []).map((one) => ['listens', `${one.port} (${one.name}, ${one.transport})`] as const),
        ...(declared?.connect ?? []).map(
          (one) => ['connects', `${one.host}:${one.port} (${one.name}, ${one.transport})`] as const,
        ),
      ],
      printer,
    );
  },
  json: ({ declared, ...verified }) => ({
    ...verified,
    // JSON has no 64-bit integers, and no heap needs one.
    declared: declared && { ...declared, heapSizeBytes: Number(declared.heapSizeBytes) },
  }),
});

function debugWords({ debug, modeIsOpen }: VerifiedImage['identity']): string {
  if (debug) return 'yes: anyone can read everything inside';
  return modeIsOpen ? 'no, but its signature lets the host choose it' : 'no';
}
