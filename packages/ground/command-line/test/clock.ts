import { commandsWith, type CommandEntry, type Program } from '../src/index.ts';

/** What {@link clock} throws. */
export class UsageError extends Error {
  readonly usage: string | undefined;
  constructor(message: string, usage: string | undefined) {
    super(message);
    this.usage = usage;
  }
}

export const clock: Program = {
  name: 'clock',
  summary: 'Says what time it is.',
  refuse(message, usage) {
    throw new UsageError(message, usage);
  },
};

const defineCommand = commandsWith<undefined>();

const show = defineCommand({
  description: ['Prints the time.', '', 'Of one zone.'],
  arguments: { zone: { value: 'ZONE', summary: 'The time zone', choices: ['utc', 'local'], default: 'utc' } },
  options: {
    format: { type: 'string', value: 'FORMAT', summary: 'The format', choices: ['short', 'long'], default: 'short' },
    label: { type: 'string', value: 'TEXT', summary: 'A label', multiple: true, short: 'L' },
    seconds: { type: 'boolean', summary: 'With seconds' },
  },
  examples: [{ command: 'clock show utc', summary: 'The time in UTC' }],
  exitCodes: {},
  run: (input) => Promise.resolve(input),
  json: (input) => input,
});

const set = defineCommand({
  description: ['Sets the time.'],
  arguments: {},
  options: { time: { type: 'string', value: 'TIME', summary: 'The time', required: true } },
  examples: [{ command: 'clock alarm set --time 12:00', summary: 'Wake at noon' }],
  exitCodes: {},
  run: (input) => Promise.resolve(input),
});

const ring = defineCommand({
  description: ['Rings.'],
  arguments: {
    tune: { value: 'TUNE', summary: 'What to ring', required: true },
    times: { value: 'TIME', summary: 'When', multiple: true },
  },
  options: {},
  rest: { value: 'WORDS', summary: 'What to say' },
  examples: [{ command: 'clock ring bell 12:00 18:00', summary: 'Ring twice' }],
  exitCodes: {},
  run: (input) => Promise.resolve(input),
});

const wake = defineCommand({
  description: ['Wakes.'],
  arguments: { names: { value: 'NAME', summary: 'Whom', required: true, multiple: true } },
  options: {},
  examples: [{ command: 'clock wake ada', summary: 'Wake one' }],
  exitCodes: {},
  run: (input) => Promise.resolve(input),
});

export const entries: readonly CommandEntry<undefined>[] = [
  { name: ['show'], category: 'Time', summary: 'Print the time', load: () => Promise.resolve(show) },
  { name: ['alarm', 'set'], category: 'Alarm', summary: 'Set the alarm', load: () => Promise.resolve(set) },
  { name: ['ring'], category: 'Alarm', summary: 'Ring', load: () => Promise.resolve(ring) },
  { name: ['wake'], category: 'Alarm', summary: 'Wake', load: () => Promise.resolve(wake) },
];

/** A program that is one command. */
export const single: readonly CommandEntry<undefined>[] = [
  { name: [], category: '', summary: 'Set the time', load: () => Promise.resolve(set) },
];
