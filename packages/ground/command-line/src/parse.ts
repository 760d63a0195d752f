import { parseArgs } from 'node:util';
import { didYouMean } from '@enclos/diagnostics';
import type { ArgumentSpecs, CommandInput, CommandShape, OptionSpec, OptionSpecs, RawInput } from './command.ts';
import type { RefuseUsage } from './program.ts';
import { commonOptions, usageLine } from './usage.ts';

/** A command line that calls a command. */
export interface ParsedCommand<O extends OptionSpecs, A extends ArgumentSpecs> {
  readonly input: CommandInput<O, A>;
  readonly json: boolean;
}

type OptionValue = RawInput['options'][string];

interface Tokens {
  readonly options: Map<string, string[]>;
  readonly positionals: string[];
  readonly rest: string[];
}

/** A command as it is called. */
export interface CalledCommand<O extends OptionSpecs, A extends ArgumentSpecs> {
  /** With the name of the program: `enclos build`. */
  readonly name: string;
  readonly command: CommandShape & { readonly options: O; readonly arguments: A; readonly hasJson: boolean };
  readonly refuse: RefuseUsage;
}

type Refuse = (message: string) => never;

/**
 * Parses what follows the name of a command. A message repeats options and, for a command that takes arguments, an argument
 * that it does not expect: a word in a place where only an option can be is possibly the value of a secret.
 * @returns undefined when the command line asks for help
 * @throws what `called.refuse` throws, with the nearest known word and the usage line of the command
 */
export function parseCommand<const O extends OptionSpecs, const A extends ArgumentSpecs>(
  { name, command, refuse: refuseWith }: CalledCommand<O, A>,
  argv: readonly string[],
): ParsedCommand<O, A> | undefined {
  const usage = usageLine(name, command);
  const refuse: Refuse = (message) => refuseWith(message, usage);
  const specs: OptionSpecs = { ...command.options, ...commonOptions(command) };
  const collected = collect(argv, specs, refuse);
  // A request for help is answered before anything else is checked.
  if (collected.options.has('help')) return undefined;
  if (command.rest === undefined && collected.rest.length > 0) refuse('This command takes no arguments after --.');
  const options: Readonly<Record<string, OptionValue>> = Object.fromEntries(
    Object.entries<OptionSpec>(command.options).map(([key, spec]) => [
      key,
      optionValue(key, spec, { collected, refuse }),
    ]),
  );
  const input: RawInput = { options, arguments: positionals(command, collected, refuse), rest: collected.rest };
  // Made from the specifications that the type is inferred from.
  return { input: input as CommandInput<O, A>, json: collected.options.has('json') };
}

function collect(argv: readonly string[], specs: OptionSpecs, refuse: Refuse): Tokens {
  // Not strict: the messages of parseArgs describe its configuration, not what to type.
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, parseOption(spec)])),
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
      if (spec === undefined) return refuseUnknownOption(token.rawName, specs, refuse);
      collected.options.set(token.name, [
        ...(collected.options.get(token.name) ?? []),
        checkedValue(token, { spec, specs, refuse }),
      ]);
    }
  }
  return collected;
}

function parseOption(spec: OptionSpec): { readonly type: OptionSpec['type']; readonly short?: string } {
  const { type } = spec;
  return type === 'boolean' || spec.short === undefined ? { type } : { type, short: spec.short };
}

interface OptionToken {
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkedValue(
  { rawName, value, inlineValue }: OptionToken,
  { spec, specs, refuse }: { readonly spec: OptionSpec; readonly specs: OptionSpecs; readonly refuse: Refuse },
): string {
  if (spec.type === 'boolean') {
    if (inlineValue === true) refuse(`${rawName} takes no value.`);
    return '';
  }
  if (value === undefined) return refuse(`${rawName} needs a value: ${rawName} ${spec.value}.`);
  // `--out --json` is usually a forgotten value, not a file of that name.
  if (inlineValue !== true && value.length > 1 && value.startsWith('-')) {
    const known = Object.hasOwn(specs, value.replace(/^--/, '')) ? value : undefined;
    refuse(
      `${rawName} needs a value, and ${known ?? 'what follows'} looks like an option. ` +
        `If it is the value, write ${rawName}=${known ?? spec.value}.`,
    );
  }
  return value;
}

function refuseUnknownOption(rawName: string, specs: OptionSpecs, refuse: Refuse): never {
  const near = didYouMean(rawName.replace(/^-+/, ''), Object.keys(specs));
  return refuse(`There is no option ${rawName}.${near === undefined ? '' : ` Did you mean --${near}?`}`);
}

function optionValue(
  key: string,
  spec: OptionSpec,
  { collected, refuse }: { readonly collected: Tokens; readonly refuse: Refuse },
): OptionValue {
  const values = collected.options.get(key) ?? [];
  if (spec.type === 'boolean') return values.length > 0;
  for (const value of values) {
    if (spec.choices?.includes(value) === false) {
      refuse(`--${key} is one of ${spec.choices.join(', ')}, not ${JSON.stringify(value)}.`);
    }
  }
  if (spec.multiple === true) return Object.freeze(values);
  if (values.length > 1) refuse(`--${key} is given more than once.`);
  const value = values[0] ?? spec.default;
  if (value === undefined && spec.required === true) refuse(`--${key} ${spec.value} is missing.`);
  return value;
}

function positionals(command: CommandShape, { positionals: given }: Tokens, refuse: Refuse): RawInput['arguments'] {
  const specs = Object.entries(command.arguments);
  const extra = given[specs.length];
  if (extra !== undefined && specs.at(-1)?.[1].multiple !== true) {
    refuse(
      specs.length === 0
        ? 'This command takes only options: an option lacks its value, or has one too many.'
        : `Unexpected argument: ${JSON.stringify(extra)}.`,
    );
  }
  return Object.fromEntries(
    specs.map(([key, spec], index): readonly [string, RawInput['arguments'][string]] => {
      const value = given[index] ?? spec.default;
      if (value === undefined && spec.required === true) {
        refuse(`${spec.value} is missing: ${spec.summary.toLowerCase()}.`);
      }
      if (spec.multiple === true) return [key, Object.freeze(given.slice(index))];
      if (value !== undefined && spec.choices?.includes(value) === false) {
        refuse(`${spec.value} is one of ${spec.choices.join(', ')}, not ${JSON.stringify(value)}.`);
      }
      return [key, value];
    }),
  );
}
