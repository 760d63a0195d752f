import { defineCommand } from '@enclos/cli-frame';
import { renderWarnings } from '@enclos/cli-frame/failures';
import { grouped } from '@enclos/command-line';
import { build } from '../../project/build.ts';
import { relayedOption } from '../../project/options.ts';

export const command = defineCommand({
  description: [
    'Bundles the trusted code and the runtime into one script, lays it out in pages with the manifest and the embedded files, and writes NAME.sgxs.',
    'The SHA-256 of that file is MRENCLAVE, the identity of the enclave.',
    'The same sources give the same bytes in any folder, time zone and account.',
    'It does not check types: run tsc for that (`npm run types` in a project of `enclos new`).',
    '',
    'NAME.report.json (the trusted base that `enclos inspect` shows) and NAME.map are written beside the image.',
    'Both are descriptions only.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of enclave.json', default: '.' } },
  options: {
    relayed: relayedOption,
    out: {
      type: 'string',
      value: 'DIR',
      summary: 'Where the image goes, instead of FOLDER/.enclos, or FOLDER/.enclos/relayed with --relayed',
    },
  },
  examples: [
    { command: 'enclos build', summary: 'Build the project in this folder' },
    { command: 'enclos build services/vault --out dist', summary: 'Build another project, into dist' },
    { command: 'enclos build --relayed', summary: 'Build an image for platforms that cannot pass sockets' },
  ],
  exitCodes: {},
  async run({ arguments: { folder }, options: { out, relayed } }, { path, progress, notes }) {
    const outcome = await progress.during('building', () =>
      build({ folder: path(folder), relayed, outFolder: path(out) }),
    );
    renderWarnings(outcome.warnings, notes);
    return outcome;
  },
  human({ name, mrEnclave, image, imageBytes, debug, durationMs }, printer) {
    const kind = debug ? ', a debug enclave: it keeps no secrets' : '';
    printer.line(`${printer.paint('green', '✔')} built ${name} in ${durationMs} ms${kind}`);
    printer.line(`  image      ${image} (${grouped(imageBytes)} bytes)`);
    printer.line(`  MRENCLAVE  ${printer.paint('cyan', mrEnclave)}`);
  },
  json: ({ inputs: _inputs, ...outcome }) => outcome,
});
