import { didYouMean } from '@enclos/diagnostics';
import { groupOf, type CommandEntry } from './entry.ts';
import type { Program } from './program.ts';

type Names = readonly Pick<CommandEntry<never>, 'name'>[];

/**
 * Refuses words that call no command.
 * @throws what the program throws, with the nearest command, or with the commands of a group.
 */
export function refuseUnknownCommand(
  { name: program, refuse }: Program,
  entries: Names,
  words: readonly string[],
): never {
  const outer = groupPrefix(entries, words);
  const [prefix, next] = [outer.join(' '), words[outer.length]];
  if (outer.length > 0 && (next === undefined || next.startsWith('-'))) {
    const commands = [...new Set(groupOf(entries, outer).map(({ name }) => name[outer.length]))].join(', ');
    return refuse(`${prefix} needs a command: ${commands}.`, `${program} ${prefix} COMMAND [OPTIONS]`);
  }
  const given = [...outer, next ?? ''].join(' ');
  const near = didYouMean(given, candidates(entries, outer.length > 0));
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  const what = given.startsWith('-')
    ? `${given} is not an option of ${program} itself.`
    : `There is no command ${JSON.stringify(given)}.`;
  return refuse(`${what}${hint}`, `${program} COMMAND [OPTIONS]`);
}

/** Whole names; for a wrong first word, the first words of groups as well. */
function candidates(entries: Names, inGroup: boolean): Iterable<string> {
  const names = entries.map(({ name }) => name.join(' '));
  return inGroup ? names : new Set([...names, ...entries.flatMap(({ name }) => name.slice(0, 1))]);
}

/** The longest start of the words that names a group. */
function groupPrefix(entries: Names, words: readonly string[]): readonly string[] {
  const lengths = words.map((_, index) => words.length - index);
  return lengths.map((length) => words.slice(0, length)).find((start) => groupOf(entries, start).length > 0) ?? [];
}
