import { basename, join } from 'node:path';
import { defineCommand } from '@enclos/cli-frame';
import { grouped } from '@enclos/command-line';
import { buildGoProgram, programName } from '@enclos/go-toolchain';
import { build } from '../../project/build.ts';
import { projectProgram } from './project-program.ts';
import { goArguments, goOptions, goRest, goRun, splitOutput } from './toolchain.ts';

export const command = defineCommand({
  description: [
    'Builds a Go program as it is, with the Go of this machine: its networking, files, output and environment become those of an enclave.',
    'Where enclave.json names a program, that is what is written, and then the image is built as by `enclos build`.',
    'Otherwise, and where it is one of EGo, the program is written into this folder under the name that Go gives it, or where --out says.',
    '`enclos ego sign` goes on from there.',
    '',
    'Go gets an overlay for its standard library, made for its version: functions that would ask the kernel ask the enclave first.',
    'It also finds the modules of Enclos (enclos.invalid/sdk) without an entry in go.mod.',
    'Nothing is downloaded unless GOPROXY is set, and the same sources give the same bytes in any folder and account.',
    'Outside an enclave the program runs as ever.',
  ],
  arguments: goArguments,
  options: {
    ...goOptions,
    out: { type: 'string', value: 'FILE', summary: 'Where the program goes, instead of where enclave.json says' },
  },
  rest: goRest,
  examples: [
    { command: 'enclos go build', summary: 'Build program and image of the project in this folder' },
    {
      command: 'enclos go build --out server -- ./cmd/server',
      summary: 'Build only a program, from one package of the module',
    },
  ],
  exitCodes: {},
  async run({ arguments: { folder }, options, rest }, context) {
    const { path, progress } = context;
    const { output, others } = splitOutput(rest);
    const run = await goRun({ folder, go: options.go, rest: others }, context, '.');
    const out = options.out ?? output;
    const named = out === undefined ? await projectProgram(run.folder) : undefined;
    const own = named?.isEgo === false ? named.file : undefined;
    const program = path(out) ?? own ?? join(run.folder, programName(run));
    const built = await progress.during('building the program', () => buildGoProgram({ ...run, out: program }));
    const image = own !== undefined ? await build({ folder: run.folder }) : undefined;
    return { program, ...built, image, isEgo: named?.isEgo === true };
  },
  human({ program, goVersion, overlaySha256, image, isEgo }, printer) {
    printer.line(`${printer.paint('green', '✔')} built ${program}`);
    printer.line(`  ${goVersion}, overlay ${overlaySha256}`);
    if (isEgo) return;
    if (image === undefined) {
      const name = basename(program);
      printer.line(
        `  To make it an enclave, sign it with \`enclos ego sign ${name}\`, or name it in an enclave.json of Enclos:`,
      );
      printer.line(`  "program": { "file": "${name}" }`);
      return;
    }
    printer.line(`  image      ${image.image} (${grouped(image.imageBytes)} bytes)`);
    printer.line(`  MRENCLAVE  ${printer.paint('cyan', image.mrEnclave)}`);
  },
  json: ({ program, goVersion, overlaySha256, image }) => ({
    program,
    goVersion,
    overlaySha256,
    ...(image === undefined ? {} : { image: image.image, mrEnclave: image.mrEnclave }),
  }),
});
