import './errors.ts';
import { allowEarlyEnd, exitCodeOf, helpText } from '@enclos/command-line';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { startBeating, watch } from '@enclos/service/watchdog';
import { agentCommand, program } from './agent-command.ts';
import { createLog } from './log.ts';
import { parseOptions } from './options.ts';

const now = (): Date => new Date();

/**
 * The agent as a process, or rather two: the first one starts the second one, which is the agent, and kills it when it hangs. Both log
 * to the same output, and end in order on SIGTERM and SIGINT. When the agent cannot start, the exit code is that of the kind of
 * the error, or 1 for an error without a code.
 */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  allowEarlyEnd(process.stdout);
  const log = createLog({ now });
  try {
    // Loaded when they are needed: the watchdog, which lives as long as the agent, holds none of it.
    if (argv[0] === 'manifests') return await (await import('./run-manifests.ts')).runManifests(argv.slice(1), log);
    const options = parseOptions(argv);
    if (options === undefined) {
      process.stdout.write(helpText(program, agentCommand));
      return;
    }
    // Killed at once rather than ended in order: the watchdog is gone because the container is being killed.
    if (startBeating(process.env, () => process.kill(process.pid, 'SIGKILL'))) {
      const { runAgent } = await import('./run-agent.ts');
      return await runAgent(options, log);
    }
    const [, script = ''] = process.argv;
    // A search for the agent on the node, by its command line, finds the agent alone.
    process.title = 'enclos-watchdog';
    const end = await watch({
      command: [process.execPath, ...process.execArgv, script, ...argv],
      environment: process.env,
      stuck: (silentMs) => log.warn('stuck', stuckError(silentMs)),
    });
    process.exitCode = end.by === 'itself' ? end.exitCode : exitCodeOf(new EnclosError('AGENT_STUCK'));
  } catch (error) {
    log.warn('failed', error);
    process.exitCode = isEnclosError(error) ? exitCodeOf(error) : 1;
    if (isEnclosError(error, 'AGENT_USAGE')) process.stderr.write(`usage: ${String(error.details['usage'])}\n`);
  }
}

function stuckError(silentMs: number): EnclosError {
  return new EnclosError('AGENT_STUCK', `The agent has not reported for ${silentMs / 1000} seconds, and is killed.`);
}
