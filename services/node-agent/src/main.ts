import './errors.ts';
import { resolve as resolvePath } from 'node:path';
import { allowEarlyEnd, exitCodeOf, helpText } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { writeManifestFiles } from '@enclos/kubernetes/manifests';
import { agentCommand, program } from './agent-command.ts';
import { startAgent } from './agent.ts';
import { createLog, type Log } from './log.ts';
import { manifestsWord, parseManifestOptions, manifestsHelp } from './manifests/command.ts';
import { agentFiles } from './manifests/files.ts';
import { parseOptions, type AgentOptions } from './options.ts';

const now = (): Date => new Date();

/**
 * The agent as a process: it logs to its output, and ends in order on SIGTERM and SIGINT. When it cannot start, its exit code is that
 * of the kind of the error, or 1 for an error without a code.
 */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  allowEarlyEnd(process.stdout);
  const log = createLog({ now });
  try {
    if (argv[0] === manifestsWord) return await runManifests(argv.slice(1), log);
    const options = parseOptions(argv);
    if (options === undefined) process.stdout.write(helpText(program, agentCommand));
    else await run(options, log);
  } catch (error) {
    log.warn('failed', error);
    process.exitCode = isEnclosError(error) ? exitCodeOf(error) : 1;
    if (isEnclosError(error, 'AGENT_USAGE')) process.stderr.write(`usage: ${String(error.details['usage'])}\n`);
  }
}

async function runManifests(argv: readonly string[], log: Log): Promise<void> {
  const asked = parseManifestOptions(argv);
  if (asked === undefined) return void process.stdout.write(manifestsHelp());
  const files = agentFiles(asked.options);
  await writeManifestFiles(asked.folder, files);
  log.info('manifests', { folder: resolvePath(asked.folder), files: files.length });
}

async function run(options: AgentOptions, log: Log): Promise<void> {
  const agent = await startAgent(options, { log, now });
  log.info('started', { rootFingerprint: agent.rootFingerprint, metricsPort: agent.metricsPort });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  log.info('stopping');
  await agent.close();
  log.info('stopped');
}
