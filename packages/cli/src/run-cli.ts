import type { CommandContext, Io } from '@enclos/cli-frame';
import type { EnclosError } from '@enclos/errors';
import type { Call, Program } from '@enclos/command-line';

// Everything is imported where it is needed: `enclos --version` should not wait for a bundler.

const program: Omit<Program, 'refuse'> = {
  name: 'enclos',
  summary: 'Enclave-aware containers in TypeScript.',
  async version() {
    const { readVersion } = await import('./files/version.ts');
    return readVersion();
  },
};

type CommandCall = Extract<Call<CommandContext>, { readonly kind: 'command' }>;

/**
 * Runs a command line. Never throws, and leaves the process alone: it reads and
 * writes through `io` only.
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const { fail } = await import('@enclos/cli-frame/failures');
    return fail(error, wantsJson(argv), io);
  }
}

/** A wrong command line with --json is also answered in JSON. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [{ createPrinter, readCall }, { registry }, { refuseUsage: refuse }] = await Promise.all([
    import('@enclos/command-line'),
    import('./registry.ts'),
    import('@enclos/cli-frame'),
  ]);
  const call = await readCall({ ...program, refuse }, registry, argv);
  if (call.kind === 'command') return runCommand(call, io);
  call.show(createPrinter(io.stdout));
  return 0;
}

async function runCommand({ command, input, json }: CommandCall, io: Io): Promise<number> {
  const [{ createContext }, { createPrinter, exitCodeOf }, { registry }] = await Promise.all([
    import('@enclos/cli-frame'),
    import('@enclos/command-line'),
    import('./registry.ts'),
  ]);
  const context = createContext({ io, notes: createPrinter(io.stderr), commands: registry });
  const outcome = await command.execute(input, context);
  const { failure, exitCode } = outcome;
  if (!json) outcome.human(createPrinter(io.stdout));
  // A command without a result in JSON that takes --json has printed its events.
  else if (command.hasJson) {
    const error = failure === undefined ? {} : { error: await jsonOf(failure) };
    io.stdout.write(`${JSON.stringify({ ...error, ...outcome.json() }, undefined, 2)}\n`);
  }
  if (failure === undefined) return exitCode;
  if (json) return exitCodeOf(failure);
  const { fail } = await import('@enclos/cli-frame/failures');
  return fail(failure, false, io);
}

async function jsonOf(failure: EnclosError): Promise<unknown> {
  const { errorJson } = await import('@enclos/cli-frame/failures');
  return errorJson(failure);
}
