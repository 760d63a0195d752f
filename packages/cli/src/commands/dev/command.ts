import { defineCommand } from '@enclos/cli-frame';
import { isolationOption } from '@enclos/cli-frame/options';
import { dev } from './dev.ts';
import { projectOptions, projectRun } from '../../project/options.ts';
import { devRenderer } from './render.ts';

export const command = defineCommand({
  description: [
    'Builds a debug enclave, signs it with the development key of the project, starts a software platform and runs the host program, as `enclos run --debug` does.',
    'Then it watches every file that they were made from: the sources of enclave, interface and host program, enclave.json, and embedded and trusted files.',
    'After a change it builds, measures and starts again; when only the host program changed, only the host program restarts.',
    'When a build fails, the last good version keeps running.',
    '',
    'Keys: r restart, b build, m identity, d isolation, l and L more and less of the log of the enclave, c clear, h help, q quit.',
    'Without a terminal, write each key on a line of standard input.',
    '',
    'Stack traces of the enclave show its sources: a debug enclave reveals them, and keeps no secrets.',
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
      summary: 'Work on another project, on a machine that lacks a layer, with arguments for the host',
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
