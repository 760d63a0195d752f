import { defineCommand } from '@enclos/cli-frame';
import { isolationOption } from '@enclos/cli-frame/options';
import { EnclosError } from '@enclos/errors';
import { buildGoProgram } from '@enclos/go-toolchain';
import { projectOptions, projectRun } from '../../project/options.ts';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../../project/render.ts';
import { run } from '../../project/run.ts';
import { projectProgram } from './project-program.ts';
import { goArguments, goOptions, goRest, goRun } from './toolchain.ts';

export const command = defineCommand({
  description: [
    'Builds program and image as `enclos go build` does, and runs the enclave as `enclos run` does, on a software platform that ends with it.',
    'What the program writes comes out here, and its exit code is the exit code of this command.',
    'The arguments of the program stand in enclave.json, because they are measured.',
  ],
  arguments: goArguments,
  options: {
    ...goOptions,
    isolation: isolationOption,
    debug: {
      type: 'boolean',
      summary: 'Run a debug enclave: the text of a panic is readable, and it keeps no secrets',
    },
    ...projectOptions,
  },
  rest: goRest,
  examples: [
    { command: 'enclos go run', summary: 'Build and run the project in this folder' },
    { command: 'enclos go run --debug -- ./cmd/server', summary: 'One package of the module, with readable failures' },
  ],
  exitCodes: {
    1: 'The platform or the enclave failed. Every other code comes from the program.',
    3: 'The platform refused the image.',
  },
  async run(input, context) {
    const { arguments: where, options, rest } = input;
    const settings = await goRun({ folder: where.folder, go: options.go, rest }, context, '.');
    const program = await projectProgram(settings.folder);
    if (program === undefined) {
      throw new EnclosError('GO_PROJECT_MISSING', `${settings.folder} has no enclave.json with a program.`);
    }
    if (program.isEgo) {
      throw new EnclosError('GO_PROJECT_MISSING', `The enclave.json of ${settings.folder} is one of EGo.`, {
        next: 'Run `enclos go build`, `enclos ego sign` and `enclos ego run`.',
      });
    }
    await context.progress.during('building the program', () => buildGoProgram({ ...settings, out: program.file }));
    const { events, running } = runNotes(context);
    return run({ ...projectRun({ ...input, rest: [] }, context), debug: options.debug }, context.io, {
      ...events,
      running,
      platform: (description) => platformBanner(description, context.notes),
      starting: () => undefined,
    });
  },
  exitCode: ({ exitCode }) => exitCode,
});
