import { didYouMean } from '@enclos/build/diagnostics';
import { refuseUsage } from './usage-error.ts';
import { groupOf, registry } from '../registry.ts';

/**
 * Refuses words that call no command.
 * @throws CLI_USAGE with the nearest command, or the commands of a group.
 */
export function refuseUnknownCommand(words: readonly string[]): never {
  const outer = groupPrefix(words);
  const [prefix, next] = [outer.join(' '), words[outer.length]];
  if (outer.length > 0 && (next === undefined || next.startsWith('-'))) {
    const commands = [...new Set(groupOf(outer).map(({ name }) => name[outer.length]))].join(', ');
    refuseUsage(`${prefix} needs a command: ${commands}.`, `enclos ${prefix} COMMAND [OPTIONS]`);
  }
  const given = [...outer, next ?? ''].join(' ');
  const near = didYouMean(given, candidates(outer.length > 0));
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  const what = given.startsWith('-')
    ? `${given} is not an option of enclos itself.`
    : `There is no command ${JSON.stringify(given)}.`;
  refuseUsage(`${what}${hint}`, 'enclos COMMAND [OPTIONS]');
}

/** Whole names; for a first word that is wrong, the first words of groups as well. */
function candidates(inGroup: boolean): Iterable<string> {
  const names = registry.map(({ name }) => name.join(' '));
  return inGroup ? names : new Set([...names, ...registry.flatMap(({ name }) => name.slice(0, 1))]);
}

/** The longest start of the words that names a group. */
function groupPrefix(words: readonly string[]): readonly string[] {
  const lengths = words.map((_, index) => words.length - index);
  return lengths.map((length) => words.slice(0, length)).find((start) => groupOf(start).length > 0) ?? [];
}
