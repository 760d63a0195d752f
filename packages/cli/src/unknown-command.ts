import { didYouMean } from '@enclos/build/diagnostics';
import { refuseUsage } from './failure.ts';
import { groupOf, registry } from './registry.ts';

/**
 * Refuses words that call no command.
 * @throws CLI_USAGE with the nearest command, or the commands of a group.
 */
export function refuseUnknownCommand(words: readonly string[]): never {
  const [first = '', second] = words;
  const group = groupOf(first);
  if (group.length > 0 && (second === undefined || second.startsWith('-'))) {
    const commands = group.map(({ name }) => name[1]).join(', ');
    refuseUsage(`${first} needs a command: ${commands}.`, `enclos ${first} COMMAND [OPTIONS]`);
  }
  const given = group.length > 0 ? `${first} ${second ?? ''}` : first;
  const near = didYouMean(given, candidates(group.length > 0));
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
