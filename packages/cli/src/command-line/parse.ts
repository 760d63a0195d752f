import { parseArgs } from 'node:util';
import type { CommandShape, OptionSpec, OptionSpecs, RawInput } from './command.ts';
import { refuseUsage } from './usage-error.ts';
import { commonOptions, usageLine } from './usage.ts';

export interface ParsedCommand {
  readonly input: RawInput;
  readonly json: boolean;
  readonly help: boolean;
}

type OptionValue = RawInput['options'][string];

interface Tokens {
  readonly options: Map<string, string[]>;
  readonly positionals: string[];
  readonly rest: string[];
}

/**
 * Parses what follows the name of a command.
 * @param name with the name of the program: `enclos build`
 * @throws CLI_USAGE with the nearest known word and the usage line of the command.
 */
export async function parseCommand(
  name: string,
  command: CommandShape & { readonly hasJson: boolean },
  argv: readonly string[],
): Promise<ParsedCommand> {
  const usage = usageLine(name, command);
  const specs: OptionSpecs = { ...command.options, ...commonOptions(command) };
  const collected = await collect(argv, specs, usage);
  const help = collected.options.has('help');
  const json = collected.options.has('json');
  // A request for help is answered before anything else is checked.
  if (help) return { input: { options: {}, arguments: {}, rest: [] }, json, help };
  if (command.rest === undefined && collected.rest.length > 0) {
    refuseUsage('This command takes no arguments after --.', usage);
  }
  const options: Readonly<Record<string, OptionValue>> = Object.fromEntries(
    Object.entries(command.options).map(([key, spec]) => [key, optionValue(key, spec, { collected, usage })]),
  );
  return { input: { options, arguments: positionals(command, collected, usage), rest: collected.rest }, json, help };
}

async function collect(argv: readonly string[], specs: OptionSpecs, usage: string): Promise<Tokens> {
  // Not strict: the messages of parseArgs describe its configuration, not what to type.
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.entries(specs).map(([key, { type }]) => [key, { type }])),
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const collected: Tokens = { options: new Map(), positionals: [], rest: [] };
  let terminated = false;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') terminated = true;
    else if (token.kind === 'positional') (terminated ? collected.rest : collected.positionals).push(token.value);
    else {
      const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
      if (spec === undefined) return refuseUnknownOption(token.rawName, specs, usage);
      collected.options.set(token.name, [
        ...(collected.options.get(token.name) ?? []),
        checkedValue(token, spec, usage),
      ]);
    }
  }
  return collected;
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkedValue({ rawName, value, inlineValue }: OptionToken, spec: OptionSpec, usage: string): string {
  if (spec.type === 'boolean') {
    if (inlineValue === true) refuseUsage(`${rawName} takes no value.`, usage);
    return '';
  }
  if (value === undefined) refuseUsage(`${rawName} needs a value: ${rawName} ${spec.value}.`, usage);
  // `--out --json` is usually a forgotten value, not a file of that name.
  if (inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    refuseUsage(
      `${rawName} needs a value, and ${value} looks like an option. If it is the value, write ${rawName}=${value}.`,
      usage,
    );
  }
  return value;
}

async function refuseUnknownOption(rawName: string, specs: OptionSpecs, usage: string): Promise<never> {
  const { didYouMean } = await import('@enclos/diagnostics');
  const near = didYouMean(rawName.replace(/^-+/, ''), Object.keys(specs));
  refuseUsage(`There is no option ${rawName}.${near === undefined ? '' : ` Did you mean --${near}?`}`, usage);
}

function optionValue(
  key: string,
  spec: OptionSpec,
  { collected, usage }: { collected: Tokens; usage: string },
): OptionValue {
  const values = collected.options.get(key) ?? [];
  if (spec.type === 'boolean') return values.length > 0;
  for (const value of values) {
    if (spec.choices?.includes(value) === false) {
      refuseUsage(`--${key} is one of ${spec.choices.join(', ')}, not ${JSON.stringify(value)}.`, usage);
    }
  }
  if (spec.multiple === true) return Object.freeze(values);
  if (values.length > 1) refuseUsage(`--${key} is given more than once.`, usage);
  const value = values[0] ?? spec.default;
  if (value === undefined && spec.required === true) refuseUsage(`--${key} ${spec.value} is missing.`, usage);
  return value;
}

function positionals(
  command: CommandShape,
  { positionals: given }: Tokens,
  usage: string,
): Readonly<Record<string, string | undefined>> {
  const specs = Object.entries(command.arguments);
  const extra = given[specs.length];
  if (extra !== undefined) refuseUsage(`Unexpected argument: ${JSON.stringify(extra)}.`, usage);
  return Object.fromEntries(
    specs.map(([key, spec], index) => {
      const value = given[index] ?? spec.default;
      if (value === undefined && spec.required === true) {
        refuseUsage(`${spec.value} is missing: ${spec.summary.toLowerCase()}.`, usage);
      }
      if (value !== undefined && spec.choices?.includes(value) === false) {
        refuseUsage(`${spec.value} is one of ${spec.choices.join(', ')}, not ${JSON.stringify(value)}.`, usage);
      }
      return [key, value];
    }),
  );
}
