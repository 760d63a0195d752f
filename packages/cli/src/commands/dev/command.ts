import { dev } from './dev.ts';
import { isolationOption, projectOptions, projectRun } from '../../project/options.ts';
import { defineCommand } from '../define.ts';
import { devRenderer } from './render.ts';

export const command = defineCommand({
  description: [
    'Builds a debug enclave, signs it with the development key of the project, starts a software platform and runs the host program, as `enclos run --debug` does.',
    'Then it watches everything that went into them: sources of enclave, interface and host program, enclave.json, embedded and trusted files.',
    'A change is built, measured and started again; one of the host program alone restarts that alone.',
    'When a build fails, what ran before goes on.',
    '',
    'Keys: r restart, b build, m identity, d isolation, l and L more and less of the log of the enclave, c clear, h help, q quit.',
    'Without a terminal each is a line of standard input.',
    '',
    'Stack traces of the enclave show its sources: a debug enclave gives them out, and keeps no secrets.',
  ],
  arguments: { folder: { value: 'FOLDER', summary: 'The folder of enclave.json', default: '.' } },
  options: {
    isolation: isolationOption,
    ...projectOptions,
  },
  rest: { value: 'ARGUMENTS', summary: 'Arguments of the host program' },
  examples: [
    { command: 'enclos dev', summary: 'Work on the project in this folder' },
    {
      command: 'enclos dev services/vault --isolation=best -- --port 8080',
      summary: 'Another one, on a machine that lacks a layer, with arguments for the host',
    },
  ],
  exitCodes: { 1: 'The platform could not be started.', 3: 'The interpreter is not the pinned one.' },
  async run(input, context) {
    await dev(
      {
        ...projectRun(input, context),
      },
      context.io,
      devRenderer(context),
    );
  },
});
