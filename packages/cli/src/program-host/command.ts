import { refuseUsage } from '@enclos/cli-frame';
import { commandsWith, type CommandEntry, type Program } from '@enclos/command-line';
import type { RunProgramOptions } from '@enclos/host';
import { pairsOf, placesOf } from './places.ts';

/** Where the declared things of a program are, as the words of its host say. */
export type ProgramPlaces = Required<Pick<RunProgramOptions, 'mounts' | 'trustedFiles' | 'listen' | 'connect'>>;

/** Runs a program to its end. */
export interface ProgramRunner {
  readonly run: (places: ProgramPlaces) => Promise<number>;
}

export const program: Program = {
  name: 'host',
  summary: 'The host of an enclave that is a program and brings no host: it serves its connections and its folders.',
  refuse(message, usage = '') {
    return refuseUsage(usage === '' ? message : `${message}\n${usage}`);
  },
};

const command = commandsWith<ProgramRunner>()({
  description: [
    'The arguments of the program itself are measured, and so they are in enclave.json.',
    'These words belong to its host: where the folders, files, listeners and destinations are that it declares.',
  ],
  arguments: {},
  options: {
    mount: { type: 'string', value: 'TARGET=FOLDER', multiple: true, summary: 'The folder of a mount' },
    file: { type: 'string', value: 'PATH=FILE', multiple: true, summary: 'Where a trusted file is' },
    listen: {
      type: 'string',
      value: 'NAME=[HOST:]PORT',
      multiple: true,
      summary: 'Listen elsewhere, or on a Unix socket',
    },
    connect: {
      type: 'string',
      value: 'NAME=HOST:PORT',
      multiple: true,
      summary: 'Connect elsewhere, or to a Unix socket',
    },
  },
  examples: [
    { command: 'enclos run -- --mount /data=./state --listen https=0.0.0.0:8443', summary: 'A folder, and a listener' },
  ],
  exitCodes: {},
  run: async ({ options }, runner) => runner.run(readPlaces(options)),
  exitCode: (exitCode) => exitCode,
});

export const entries: readonly CommandEntry<ProgramRunner>[] = [
  { name: [], category: '', summary: program.summary, load: async () => command },
];

type Words = Readonly<Record<'mount' | 'file' | 'listen' | 'connect', readonly string[]>>;

const refuse = (message: string): never => program.refuse(message);

/** @throws CLI_USAGE */
function readPlaces({ mount, file, listen, connect }: Words): ProgramPlaces {
  return Object.freeze({
    mounts: Object.fromEntries(pairsOf('mount', mount, refuse)),
    trustedFiles: Object.fromEntries(pairsOf('file', file, refuse)),
    listen: placesOf('listen', listen, refuse),
    connect: placesOf('connect', connect, refuse),
  });
}
