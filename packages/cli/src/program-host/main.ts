import { endOfProgram, onProcessSignal } from '@enclos/cli-frame';
import { createPrinter, exitCodeOf, readCall } from '@enclos/command-line';
import { failureLines } from '@enclos/diagnostics';
import { isEnclosError } from '@enclos/errors';
import { isProgramManifest } from '@enclos/manifest';
import { fromEnvironment, runProgram, type RunProgramOptions } from '@enclos/host';
import { entries, program as description, type ProgramPlaces } from './command.ts';

/*
 * The host of a program that brings none: `enclos run` and images start it as they start a project's own host program. It gives the
 * program its connections and folders, prints its lines, and ends with its exit code.
 */

try {
  const call = await readCall(description, entries, process.argv.slice(2));
  if (call.kind === 'help') call.show(createPrinter({ color: false, write: (text) => process.stdout.write(text) }));
  else process.exitCode = (await call.command.execute(call.input, { run })).exitCode;
} catch (error) {
  if (!isEnclosError(error)) throw error;
  process.stderr.write(`${failureLines(error).join('\n')}\n`);
  process.exitCode = exitCodeOf(error);
}

async function run(places: ProgramPlaces): Promise<number> {
  const environment = await fromEnvironment();
  try {
    return await serve({ ...environment, ...places });
  } finally {
    // The connection to the platform would keep this process, also after a refusal.
    await environment.launcher.close();
  }
}

async function serve(options: RunProgramOptions): Promise<number> {
  const program = await runProgram({
    ...options,
    environment: variables(),
    onLog: (level, text) =>
      (level === 'error' || level === 'warn' ? process.stderr : process.stdout).write(`${text}\n`),
  });
  if (isProgramManifest(program.manifest) && program.manifest.program.network === 'any') {
    process.stderr.write(
      'NETWORK any: the enclave may connect anywhere from this machine, and listen on any of its ports.\n',
    );
  }
  return endOfProgram(program, {
    onSignal: onProcessSignal,
    complain: (detail) => void process.stderr.write(`${detail}\n`),
  });
}

/** Those that the manifest takes from the host are chosen from these. */
function variables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
