import { defineCommand } from '@enclos/cli-frame';
import { renderError, toEnclosError } from '@enclos/cli-frame/failures';
import { stateFolderOf, stateOption, isolationOption, platformOption } from '@enclos/cli-frame/options';
import { keyOption } from '../../project/options.ts';
import { platformBanner } from '@enclos/cli-platform/open';
import { runNotes } from '../../project/render.ts';
import { test } from './test.ts';

export const command = defineCommand({
  description: [
    'Builds the enclave, signs it, starts a software platform and runs the tests of the project on it, with the test runner of Node.',
    'A test starts the enclave with `startEnclave` of @enclos/testing. It is a real enclave, in its own process.',
    '',
    'Without FILES the tests are every *.test.ts below the folder test, also .mts, .js and .mjs.',
    'They are bundled, so TypeScript needs no other tool, and a failure names the line of the source.',
    'Their working folder is that of the project.',
    '',
    'When the command ends, for any reason, the platform, the enclaves and the processes of the tests end too.',
  ],
  arguments: {
    files: {
      value: 'FILE',
      summary: 'A test, or a folder of tests',
      extensions: ['ts', 'mts', 'js', 'mjs'],
      multiple: true,
    },
  },
  options: {
    project: { type: 'string', value: 'FOLDER', summary: 'The folder of enclave.json', default: '.' },
    isolation: isolationOption,
    debug: {
      type: 'boolean',
      summary: 'Build and test a debug enclave: its errors are readable, and it keeps no secrets',
    },
    watch: { type: 'boolean', summary: 'Run the tests again after each change of what they were made from' },
    key: keyOption,
    state: stateOption,
    platform: platformOption,
  },
  rest: { value: 'ARGUMENTS', summary: 'Options of `node --test`' },
  examples: [
    { command: 'enclos test', summary: 'Run every test of the project in this folder' },
    {
      command: 'enclos test test/vault.test.ts --debug -- --test-name-pattern=replay',
      summary: 'Run some tests of one file, with readable errors of the enclave',
    },
  ],
  exitCodes: {
    1: 'A test failed, or the platform did not start. Every other code comes from the test runner.',
    3: 'The platform refused the interpreter.',
  },
  async run({ arguments: { files }, options, rest }, context) {
    const { io, notes, path } = context;
    const { project, isolation, debug, watch, key, state, platform } = options;
    const view = runNotes(context);
    return test(
      {
        folder: path(project),
        files: files.map((file) => path(file)),
        isolation,
        debug,
        watch,
        args: rest,
        keyFile: path(key),
        stateFolder: stateFolderOf(state, context),
        platformSocket: path(platform),
      },
      io,
      {
        ...view.events,
        platform: (description) => platformBanner(description, notes),
        failed: (error) => void renderError(toEnclosError(error), notes),
        waiting: () => view.note('waiting for a change; Ctrl-C ends it'),
      },
    );
  },
  exitCode: ({ exitCode }) => exitCode,
});
