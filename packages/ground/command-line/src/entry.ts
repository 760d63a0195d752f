import type { Command } from './command.ts';

/** A command without its body: enough for the list of commands, and quick to load. */
export interface CommandEntry<C> {
  /** The words that call it: `['platform', 'init']`. */
  readonly name: readonly string[];
  readonly category: string;
  readonly summary: string;
  load(): Promise<Command<C>>;
}

type EntryName = Pick<CommandEntry<never>, 'name'>;

/** The entry that the first words of a command line call. */
export function findEntry<E extends EntryName>(entries: readonly E[], words: readonly string[]): E | undefined {
  return entries.find(({ name }) => name.every((word, index) => words[index] === word));
}

/** The commands of a group of commands, such as `platform` or `platform audit`. Empty when the words name no group. */
export function groupOf<E extends EntryName>(entries: readonly E[], words: readonly string[]): readonly E[] {
  return entries.filter(
    ({ name }) => words.length > 0 && name.length > words.length && words.every((word, index) => name[index] === word),
  );
}
