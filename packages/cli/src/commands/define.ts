import { type Command, type CommandEntry, commandsWith } from '@enclos/command-line';
import type { CommandContext } from './context.ts';

export type Category = 'Project' | 'Image' | 'Kubernetes' | 'Evidence' | 'Platform' | 'Shell';

/** A command of `enclos` as the registry lists it. */
export interface Entry extends CommandEntry<CommandContext> {
  readonly category: Category;
}

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
