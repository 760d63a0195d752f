import { type Command, commandsWith } from '@enclos/command-line';
import type { Category, CommandContext, Entry } from './context.ts';

/** Defines a command of `enclos`. The index of its folder holds its name and summary. */
export const defineCommand = commandsWith<CommandContext>();

/**
 * Lists a command in the index of its folder.
 * @param name the words that call it: `platform init`
 */
export function entry(
  name: string,
  category: Category,
  summary: string,
  load: () => Promise<{ readonly command: Command<CommandContext> }>,
): Entry {
  return Object.freeze({
    name: Object.freeze(name.split(' ')),
    category,
    summary,
    load: async () => (await load()).command,
  });
}
