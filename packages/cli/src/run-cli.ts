import type { EnclosError } from '@enclos/errors';
import type { Io } from './output/io.ts';
import type { RegistryEntry } from './registry.ts';

// Everything is imported where it is needed: `enclos --version` should not wait for a bundler.

/**
 * Runs a command line. Never throws, and touches nothing of the process: what
 * it reads and writes is in `io`.
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const { fail } = await import('./output/fail.ts');
    return fail(error, wantsJson(argv), io);
  }
}

/** Also when the rest of the line is wrong: whoever asked for JSON reads JSON. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (first === '--version' || first === '-v') {
    const { readVersion } = await import('./files/version.ts');
    io.stdout.write(`${await readVersion()}\n`);
    return 0;
  }
  if (first === undefined || first === 'help' || isHelp(first)) return help(argv.slice(1), io);
  const { findEntry, groupOf } = await import('./registry.ts');
  const entry = findEntry(argv);
  if (entry !== undefined) return runEntry(entry, argv.slice(entry.name.length), io);
  const words = argv.slice(0, Math.max(0, argv.findIndex(isHelp)));
  if (groupOf(words).length > 0) return help(words, io);
  return refuse(argv);
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

async function refuse(words: readonly string[]): Promise<never> {
  const { refuseUnknownCommand } = await import('./command-line/unknown-command.ts');
  return refuseUnknownCommand(words);
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const [{ renderGroup, renderHelp, renderOverview }, { findEntry, groupOf, registry }, { createPrinter }] =
    await Promise.all([import('./command-line/help.ts'), import('./registry.ts'), import('./command-line/printer.ts')]);
  const printer = createPrinter(io.stdout);
  const [first] = words;
  const entry = findEntry(words);
  const group = groupOf(words);
  if (first === undefined || first.startsWith('-')) renderOverview(registry, printer);
  else if (entry !== undefined) renderHelp(entry, await entry.load(), printer);
  else if (group.length > 0) renderGroup(words.join(' '), group, printer);
  else return refuse(words);
  return 0;
}

async function runEntry(entry: RegistryEntry, argv: readonly string[], io: Io): Promise<number> {
  const [{ parseCommand }, { createContext }, { createPrinter }, command] = await Promise.all([
    import('./command-line/parse.ts'),
    import('./commands/context.ts'),
    import('./command-line/printer.ts'),
    entry.load(),
  ]);
  const { input, json, help: wantsHelp } = await parseCommand(entry.name.join(' '), command, argv);
  if (wantsHelp) return help(entry.name, io);
  const finished = await command.execute(input, createContext(io, createPrinter(io.stderr)));
  const { failure, exitCode } = finished;
  if (!json) finished.human(createPrinter(io.stdout));
  else {
    const error = failure === undefined ? {} : { error: await jsonOf(failure) };
    io.stdout.write(`${JSON.stringify({ ...error, ...finished.json() }, undefined, 2)}\n`);
  }
  if (failure === undefined) return exitCode;
  const [{ fail }, { exitCodeOf }] = await Promise.all([
    import('./output/fail.ts'),
    import('./command-line/exit-codes.ts'),
  ]);
  return json ? exitCodeOf(failure) : fail(failure, false, io);
}

async function jsonOf(failure: EnclosError): Promise<unknown> {
  const { errorJson } = await import('./output/error.ts');
  return errorJson(failure);
}
