import type { CommandShape, OptionSpec, OptionSpecs } from './command.ts';

const mostShown = 3;

/** Options of every command; `--json` where there is something to print as JSON. */
export function commonOptions(command: { readonly hasJson: boolean }): OptionSpecs {
  const help = { type: 'boolean', summary: 'Show this help' } as const;
  const json = { type: 'boolean', summary: 'Print the result, or the error, as JSON and nothing else' } as const;
  return command.hasJson ? { json, help } : { help };
}

/** `--out DIR`. */
export function optionUsage(name: string, spec: OptionSpec): string {
  return spec.type === 'boolean' ? `--${name}` : `--${name} ${spec.choices?.join('|') ?? spec.value}`;
}

/**
 * The one line that shows how a command is called. Many options become one word.
 * @param name with the name of the program: `enclos build`
 */
export function usageLine(name: string, command: CommandShape & { readonly hasJson: boolean }): string {
  const options = Object.entries(command.options);
  const isRequired = ([, spec]: (typeof options)[number]): boolean => spec.type === 'string' && spec.required === true;
  const required = options.filter(isRequired).map(([key, spec]) => optionUsage(key, spec));
  const optional = options.filter((option) => !isRequired(option)).map(([key, spec]) => `[${optionUsage(key, spec)}]`);
  if (command.hasJson) optional.push('[--json]');
  const positionals = Object.values(command.arguments).map(({ value, choices, required: needed, multiple }) => {
    const shown = `${choices?.join('|') ?? value}${multiple === true ? '...' : ''}`;
    return needed === true ? shown : `[${shown}]`;
  });
  return [
    name,
    ...positionals,
    ...required,
    ...(optional.length > mostShown ? ['[OPTIONS]'] : optional),
    ...(command.rest === undefined ? [] : [`[-- ${command.rest.value}]`]),
  ].join(' ');
}
