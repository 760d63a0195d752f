import type { EnclosError } from '@enclos/errors';
import type { Io } from './output/io.ts';
import type { Program } from './command-line/help.ts';
import type { Entry } from './commands/define.ts';

// Everything is imported where it is needed: `enclos --version` should not wait for a bundler.

const program: Program = { name: 'enclos', summary: 'Enclave-aware containers in TypeScript.' };

/**
 * Runs a command line. Never throws, and leaves the process alone: it reads and
 * writes through `io` only.
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

/** A wrong command line with --json is also answered in JSON. */
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
  const { findEntry, groupOf, registry } = await loadRegistry();
  const entry = findEntry(registry, argv);
  if (entry !== undefined) return runEntry(entry, argv.slice(entry.name.length), io);
  const words = argv.slice(0, Math.max(0, argv.findIndex(isHelp)));
  if (groupOf(registry, words).length > 0) return help(words, io);
  return refuse(argv);
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

async function loadRegistry() {
  const [{ registry }, { findEntry, groupOf }] = await Promise.all([
    import('./registry.ts'),
    import('./command-line/entry.ts'),
  ]);
  return { registry, findEntry, groupOf };
}

async function refuse(words: readonly string[]): Promise<never> {
  const [{ refuseUnknownCommand }, { registry }] = await Promise.all([
    import('./command-line/unknown-command.ts'),
    import('./registry.ts'),
  ]);
  return refuseUnknownCommand(program.name, registry, words);
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const [{ renderGroup, renderHelp, renderOverview }, { findEntry, groupOf, registry }, { createPrinter }] =
    await Promise.all([import('./command-line/help.ts'), loadRegistry(), import('./command-line/printer.ts')]);
  const printer = createPrinter(io.stdout);
  const [first] = words;
  const entry = findEntry(registry, words);
  const group = groupOf(registry, words);
  if (first === undefined || first.startsWith('-')) renderOverview(program, registry, printer);
  else if (entry !== undefined) renderHelp(program, entry, await entry.load(), printer);
  else if (group.length > 0) renderGroup([program.name, ...words].join(' '), group, printer);
  else return refuse(words);
  return 0;
}

async function runEntry(entry: Entry, argv: readonly string[], io: Io): Promise<number> {
  const [{ parseCommand }, { createContext }, { createPrinter }, { registry }, command] = await Promise.all([
    import('./command-line/parse.ts'),
    import('./commands/context.ts'),
    import('./command-line/printer.ts'),
    import('./registry.ts'),
    entry.load(),
  ]);
  const { input, json, help: wantsHelp } = await parseCommand([program.name, ...entry.name].join(' '), command, argv);
  if (wantsHelp) return help(entry.name, io);
  const context = createContext({ io, notes: createPrinter(io.stderr), commands: registry });
  const outcome = await command.execute(input, context);
  const { failure, exitCode } = outcome;
  if (!json) outcome.human(createPrinter(io.stdout));
  else {
    const error = failure === undefined ? {} : { error: await jsonOf(failure) };
    io.stdout.write(`${JSON.stringify({ ...error, ...outcome.json() }, undefined, 2)}\n`);
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
