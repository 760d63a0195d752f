import { isEnclosError } from '@enclos/errors';
import { createContext } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import { refuseUsage, toEnclosError } from './failure.ts';
import type { Io } from './io.ts';
import type { RegistryEntry } from './registry.ts';
import { createPrinter } from './render/printer.ts';

/**
 * Runs a command line. Never throws, and touches nothing of the process: what
 * it reads and writes is in `io`.
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const json = wantsJson(argv);
  try {
    return await dispatch(argv, io);
  } catch (error) {
    return fail(error, json, io);
  }
}

/** Also when the rest of the line is wrong: whoever asked for JSON reads JSON. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

async function fail(thrown: unknown, json: boolean, io: Io): Promise<number> {
  const error = toEnclosError(thrown);
  const { errorJson, renderError } = await import('./render/error.ts');
  if (json) io.stdout.write(`${JSON.stringify({ error: errorJson(error) })}\n`);
  else await renderError(error, createPrinter(io.stderr));
  if (io.env['ENCLOS_STACK'] === '1') io.stderr.write(`${stackOf(error)}\n`);
  return exitCodeOf(error);
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv;
  if (first === '--version' || first === '-v') {
    const { readVersion } = await import('./version.ts');
    io.stdout.write(`${await readVersion()}\n`);
    return 0;
  }
  const { findEntry } = await import('./registry.ts');
  if (first === undefined || first === 'help' || first === '--help' || first === '-h') return help(argv.slice(1), io);
  const entry = findEntry(argv);
  if (entry !== undefined) return runEntry(entry, argv.slice(entry.name.length), io);
  return resolveGroup(argv, io);
}

/** `enclos platform …` without a command of that group, or a word that is nothing at all. */
async function resolveGroup(argv: readonly string[], io: Io): Promise<number> {
  const { groupOf } = await import('./registry.ts');
  const [first = '', second] = argv;
  const group = groupOf(first);
  if (group.length === 0) return refuseUnknownCommand([first]);
  if (second === '--help' || second === '-h') return help([first], io);
  if (second === undefined || second.startsWith('-')) {
    refuseUsage(
      `${first} needs a command: ${group.map(({ name }) => name[1]).join(', ')}.`,
      `enclos ${first} COMMAND [OPTIONS]`,
    );
  }
  return refuseUnknownCommand([first, second]);
}

async function refuseUnknownCommand(words: readonly string[]): Promise<never> {
  const [{ didYouMean }, { registry }] = await Promise.all([import('@enclos/build'), import('./registry.ts')]);
  const given = words.join(' ');
  const near = didYouMean(
    given,
    new Set(registry.flatMap(({ name }) => [name.join(' '), ...(words.length === 1 ? name.slice(0, 1) : [])])),
  );
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  const what = given.startsWith('-')
    ? `${given} is not an option of enclos itself.`
    : `There is no command ${JSON.stringify(given)}.`;
  refuseUsage(`${what}${hint}`, 'enclos COMMAND [OPTIONS]');
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const [{ renderGroup, renderHelp, renderOverview }, { findEntry, groupOf, registry }] = await Promise.all([
    import('./help.ts'),
    import('./registry.ts'),
  ]);
  const printer = createPrinter(io.stdout);
  const [first] = words;
  if (first === undefined || first.startsWith('-')) {
    renderOverview(registry, printer);
    return 0;
  }
  const entry = findEntry(words);
  if (entry !== undefined) {
    renderHelp(entry, await entry.load(), printer);
    return 0;
  }
  const group = groupOf(first);
  if (group.length === 0 || words.length > 1) return refuseUnknownCommand(words);
  renderGroup(first, group, printer);
  return 0;
}

async function runEntry(entry: RegistryEntry, argv: readonly string[], io: Io): Promise<number> {
  const [{ parseCommand }, command] = await Promise.all([import('./parse.ts'), entry.load()]);
  const { input, json, help: wantsHelp } = await parseCommand(entry.name.join(' '), command, argv);
  if (wantsHelp) return help(entry.name, io);
  const finished = await command.execute(input, createContext(io, createPrinter(io.stderr)));
  const { failure } = finished;
  if (json) {
    const result = finished.json();
    const { errorJson } = await import('./render/error.ts');
    const value = failure === undefined ? result : { error: errorJson(failure), ...asObject(result) };
    io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  } else {
    finished.human(createPrinter(io.stdout));
    if (failure !== undefined) return fail(failure, false, io);
  }
  return isEnclosError(failure) ? exitCodeOf(failure) : finished.exitCode;
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
