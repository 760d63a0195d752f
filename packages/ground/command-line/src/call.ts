import type { Command, RawInput } from './command.ts';
import { findEntry, groupOf, type CommandEntry } from './entry.ts';
import { renderGroup, renderHelp, renderOverview } from './help.ts';
import { parseCommand } from './parse.ts';
import type { Printer } from './printer.ts';
import type { Program } from './program.ts';
import { refuseUnknownCommand } from './unknown-command.ts';

/** What a command line asks for: a command with its input, or help, which may be the version. */
export type Call<C> =
  | { readonly kind: 'help'; readonly show: (printer: Printer) => void }
  | { readonly kind: 'command'; readonly command: Command<C>; readonly input: RawInput; readonly json: boolean };

/**
 * Reads a whole command line. A program without commands of a name has one entry, whose name has no words.
 * @param argv what follows the name of the program
 * @throws what `program.refuse` throws, with the nearest known word and a usage line
 * @example
 * const call = await readCall(program, entries, process.argv.slice(2));
 * if (call.kind === 'help') call.show(createPrinter(stdout));
 * else await call.command.execute(call.input, context);
 */
export async function readCall<C>(
  program: Program,
  entries: readonly CommandEntry<C>[],
  argv: readonly string[],
): Promise<Call<C>> {
  const [first] = argv;
  if (program.version !== undefined && (first === '--version' || first === '-v')) {
    const version = await program.version();
    return { kind: 'help', show: (printer) => printer.line(version) };
  }
  const isSingle = entries.some(({ name }) => name.length === 0);
  if (first === 'help' || (!isSingle && (first === undefined || isHelp(first)))) {
    return helpOf(program, entries, argv.slice(1));
  }
  const entry = findEntry(entries, argv);
  if (entry === undefined) {
    const words = argv.slice(0, Math.max(0, argv.findIndex(isHelp)));
    if (groupOf(entries, words).length > 0) return helpOf(program, entries, words);
    return refuseUnknownCommand(program, entries, argv);
  }
  const command = await entry.load();
  const name = [program.name, ...entry.name].join(' ');
  const parsed = parseCommand({ name, command, refuse: program.refuse }, argv.slice(entry.name.length));
  return parsed === undefined ? helpOf(program, entries, entry.name) : { kind: 'command', command, ...parsed };
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

async function helpOf<C>(
  program: Program,
  entries: readonly CommandEntry<C>[],
  words: readonly string[],
): Promise<Call<C>> {
  const show = (render: (printer: Printer) => void): Call<C> => ({ kind: 'help', show: render });
  const entry = findEntry(entries, words);
  if (entry !== undefined) {
    const command = await entry.load();
    return show((printer) => renderHelp(program, entry, command, printer));
  }
  const [first] = words;
  if (first === undefined || first.startsWith('-')) {
    return show((printer) => renderOverview(program, entries, printer));
  }
  const group = groupOf(entries, words);
  if (group.length === 0) return refuseUnknownCommand(program, entries, words);
  return show((printer) => renderGroup([program.name, ...words].join(' '), group, printer));
}
