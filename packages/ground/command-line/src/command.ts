import type { EnclosError } from '@enclos/errors';
import type { Printer } from './printer.ts';

export interface StringOption {
  readonly type: 'string';
  /** What the help calls the value: FILE, DIR, HEX. */
  readonly value: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  /** The extensions of the files that it takes, without a dot: a shell offers these files. */
  readonly extensions?: readonly string[];
  readonly required?: true;
  readonly multiple?: true;
  readonly default?: string;
  /** One letter that stands for it, and takes its value without a space: `-DNAME`. For options that other tools spell so. */
  readonly short?: string;
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
  /** Takes every argument that is left, also none. Only the last one of a command. */
  readonly multiple?: true;
  readonly default?: string;
}

/** Positional arguments in their order. */
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>;

type OptionValue<S extends OptionSpec> = S extends BooleanOption
  ? boolean
  : S extends { readonly multiple: true }
    ? readonly string[]
    : S extends { readonly required: true } | { readonly default: string }
      ? Choice<S>
      : Choice<S> | undefined;

type Choice<S> = S extends { readonly choices: readonly (infer C)[] } ? C : string;

type ArgumentValue<S extends ArgumentSpec> = S extends { readonly multiple: true }
  ? readonly string[]
  : S extends { readonly required: true } | { readonly default: string }
    ? Choice<S>
    : Choice<S> | undefined;

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
  readonly arguments: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rest: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly summary: string;
}

/** The part of a command that help, docs and parser read. */
export interface CommandShape {
  /** Sentences; an empty one ends a paragraph. {@link paragraphsOf} joins them. */
  readonly description: readonly string[];
  readonly arguments: ArgumentSpecs;
  readonly options: OptionSpecs;
  /** Present when arguments after `--` are handed on. */
  readonly rest?: { readonly value: string; readonly summary: string };
  readonly examples: readonly Example[];
  /** What an exit code means for this command, where the general words say too little. */
  readonly exitCodes: Readonly<Partial<Record<1 | 2 | 3 | 4 | 5, string>>>;
}

/** What {@link commandsWith} takes: a command as its author writes it. */
export interface Definition<O extends OptionSpecs, A extends ArgumentSpecs, R, C> extends CommandShape {
  readonly arguments: A;
  readonly options: O;
  /** Calls the exported function that does the work, and returns its data. */
  readonly run: (input: CommandInput<O, A>, context: C) => Promise<R>;
  /** The result for people. */
  readonly human?: (result: R, printer: Printer) => void;
  /** The result for programs; a command without this has no --json. */
  readonly json?: (result: R) => object;
  /** The exit code of a result that is complete but not a success. */
  readonly exitCode?: (result: R) => number;
  /** An error that the result carries: it is rendered after the result and decides the exit code. */
  readonly failure?: (result: R) => EnclosError | undefined;
}

/** The outcome of a command, which hides the type of its result. */
export interface Outcome {
  readonly human: (printer: Printer) => void;
  readonly json: () => object;
  readonly exitCode: number;
  readonly failure: EnclosError | undefined;
}

/** @typeParam C what the program gives a running command: its streams, its clock, its folders. */
export interface Command<C> extends CommandShape {
  readonly hasJson: boolean;
  execute(input: RawInput, context: C): Promise<Outcome>;
}

/**
 * Makes the function that defines the commands of one program.
 * @example
 * const defineCommand = commandsWith<{ readonly now: () => Date }>();
 * export const command = defineCommand({
 *   description: ['Prints the time.'],
 *   arguments: {},
 *   options: { utc: { type: 'boolean', summary: 'Print it in UTC' } },
 *   examples: [{ command: 'clock show', summary: 'Print the local time' }],
 *   exitCodes: {},
 *   run: async ({ options: { utc } }, { now }) => (utc ? now().toISOString() : now().toString()),
 *   human: (time, printer) => printer.line(time),
 * });
 */
export function commandsWith<C>() {
  return function defineCommand<const O extends OptionSpecs, const A extends ArgumentSpecs, R>(
    definition: Definition<O, A, R, C>,
  ): Command<C> {
    const { run, human, json, exitCode, failure, ...shape } = definition;
    return Object.freeze({
      ...shape,
      hasJson: json !== undefined,
      async execute(input: RawInput, context: C): Promise<Outcome> {
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
  };
}

/** The paragraphs of a description. */
export function paragraphsOf(description: readonly string[]): readonly string[] {
  return description
    .map((sentence) => (sentence === '' ? '\n' : sentence))
    .join(' ')
    .split(' \n ');
}
