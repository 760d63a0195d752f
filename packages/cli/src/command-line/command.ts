import type { EnclosError } from '@enclos/errors';
import type { CommandContext } from '../commands/context.ts';
import type { Printer } from './printer.ts';

export interface StringOption {
  readonly type: 'string';
  /** What the help calls the value: FILE, DIR, HEX. */
  readonly value: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  /** Of the files that it takes, without a dot: a shell offers these. */
  readonly extensions?: readonly string[];
  readonly required?: true;
  readonly multiple?: true;
  readonly default?: string;
}

export interface BooleanOption {
  readonly type: 'boolean';
  readonly summary: string;
}

export type OptionSpec = StringOption | BooleanOption;
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  readonly value: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly extensions?: readonly string[];
  readonly required?: true;
  readonly default?: string;
}

/** Positional arguments in their order. */
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>;

type OptionValue<S extends OptionSpec> = S extends BooleanOption
  ? boolean
  : S extends { readonly multiple: true }
    ? readonly string[]
    : S extends { readonly required: true } | { readonly default: string }
      ? Chosen<S>
      : Chosen<S> | undefined;

type Chosen<S> = S extends { readonly choices: readonly (infer C)[] } ? C : string;

type ArgumentValue<S extends ArgumentSpec> = S extends { readonly required: true } | { readonly default: string }
  ? Chosen<S>
  : Chosen<S> | undefined;

/** What the parser hands to a command. */
export interface CommandInput<O extends OptionSpecs, A extends ArgumentSpecs = ArgumentSpecs> {
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]> };
  readonly arguments: { readonly [K in keyof A]: ArgumentValue<A[K]> };
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/** The same before its types are known. */
export interface RawInput {
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly arguments: Readonly<Record<string, string | undefined>>;
  readonly rest: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly summary: string;
}

/** The part of a command that help, docs and parser read. */
export interface CommandShape {
  readonly description: string;
  readonly arguments: ArgumentSpecs;
  readonly options: OptionSpecs;
  /** Present when arguments after `--` are handed on. */
  readonly rest?: { readonly value: string; readonly summary: string };
  readonly examples: readonly Example[];
  /** What an exit code means for this command, where the general words say too little. */
  readonly exitCodes: Readonly<Partial<Record<1 | 2 | 3 | 4 | 5, string>>>;
}

interface Definition<O extends OptionSpecs, A extends ArgumentSpecs, R> extends CommandShape {
  readonly arguments: A;
  readonly options: O;
  /** Calls the exported function that does the work, and returns its data. */
  readonly run: (input: CommandInput<O, A>, context: CommandContext) => Promise<R>;
  /** The result for people. */
  readonly human?: (result: R, printer: Printer) => void;
  /** The result for programs; a command without this has no --json. */
  readonly json?: (result: R) => object;
  /** For a result that is complete and yet not a success. */
  readonly exitCode?: (result: R) => number;
  /** An error that the result carries: it is rendered after the result and decides the exit code. */
  readonly failure?: (result: R) => EnclosError | undefined;
}

/** What running a command gave, with its type closed over. */
export interface Finished {
  readonly human: (printer: Printer) => void;
  readonly json: () => object;
  readonly exitCode: number;
  readonly failure: EnclosError | undefined;
}

export interface Command extends CommandShape {
  readonly hasJson: boolean;
  execute(input: RawInput, context: CommandContext): Promise<Finished>;
}

/** Defines a command. Its name, summary and place are in the registry. */
export function defineCommand<const O extends OptionSpecs, const A extends ArgumentSpecs, R>(
  definition: Definition<O, A, R>,
): Command {
  const { run, human, json, exitCode, failure, ...shape } = definition;
  return Object.freeze({
    ...shape,
    hasJson: json !== undefined,
    async execute(input: RawInput, context: CommandContext): Promise<Finished> {
      // The parser made the input from the same specification that the type was inferred from.
      const result = await run(input as CommandInput<O, A>, context);
      return {
        human: (printer) => human?.(result, printer),
        json: () => json?.(result) ?? {},
        exitCode: exitCode?.(result) ?? 0,
        failure: failure?.(result),
      };
    },
  });
}
