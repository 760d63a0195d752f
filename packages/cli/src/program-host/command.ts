import { addressIn, commandsWith, wholeNumberIn, type CommandEntry, type Program } from '@enclos/command-line';
import { EnclosError } from '@enclos/errors';
import type { RunProgramOptions } from '@enclos/host';

/** Where the declared things of a program are, as the words of its host say. */
export type ProgramPlaces = Required<Pick<RunProgramOptions, 'mounts' | 'trustedFiles' | 'listen' | 'connect'>>;

/** Runs a program to its end. */
export interface ProgramRunner {
  readonly run: (places: ProgramPlaces) => Promise<number>;
}

type Place = NonNullable<RunProgramOptions['listen']>[string];

export const program: Program = {
  name: 'host',
  summary: 'The host of an enclave that is a program and brings no host: it serves its connections and its folders.',
  refuse(message, usage = '') {
    throw new EnclosError('CLI_USAGE', usage === '' ? message : `${message}\n${usage}`);
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

/** @throws CLI_USAGE */
function readPlaces({ mount, file, listen, connect }: Words): ProgramPlaces {
  return Object.freeze({
    mounts: Object.fromEntries(pairs('mount', mount)),
    trustedFiles: Object.fromEntries(pairs('file', file)),
    listen: placesOf('listen', listen),
    connect: placesOf('connect', connect),
  });
}

function pairs(word: string, values: readonly string[]): readonly (readonly [string, string])[] {
  const found = values.map((value): readonly [string, string] => {
    const at = value.indexOf('=');
    if (at < 1 || at === value.length - 1) return program.refuse(`--${word} takes a name, "=" and a place.`);
    return [value.slice(0, at), value.slice(at + 1)];
  });
  if (new Set(found.map(([name]) => name)).size < found.length) program.refuse(`--${word} names one thing twice.`);
  return found;
}

function placesOf(word: 'listen' | 'connect', values: readonly string[]): Readonly<Record<string, Place>> {
  return Object.fromEntries(pairs(word, values).map(([name, text]) => [name, placeOf(word, text)]));
}

/** `8443` to listen at, `0.0.0.0:8443`, `[::1]:8443`, `db.example:5432`, or the path of a Unix socket. */
function placeOf(word: 'listen' | 'connect', text: string): Place {
  if (text.startsWith('/')) return { path: text };
  const port = word === 'listen' ? wholeNumberIn(text, { least: 0, most: 65_535 }) : undefined;
  const place = port === undefined ? addressIn(text) : { port };
  if (place !== undefined && (word === 'listen' || place.port > 0)) return place;
  return program.refuse(`--${word} takes ${word === 'listen' ? 'a port, or ' : ''}a host and a port after the name.`);
}
