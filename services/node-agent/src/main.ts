import './errors.ts';
import { isEnclosError } from '@enclos/errors';
import { startAgent } from './agent.ts';
import { createLog } from './log.ts';
import { parseOptions, usage } from './options.ts';

/** The agent as a process: it logs to its output, ends in order on SIGTERM and SIGINT, and with code 1 when it cannot start. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(usage);
    return;
  }
  const now = (): Date => new Date();
  const log = createLog({ now });
  try {
    const agent = await startAgent(parseOptions(argv), { log, now });
    log.info('started', { rootFingerprint: agent.rootFingerprint, metricsPort: agent.metricsPort });
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    });
    log.info('stopping');
    await agent.close();
    log.info('stopped');
  } catch (error) {
    log.warn('failed', error);
    if (isEnclosError(error, 'AGENT_USAGE')) process.stderr.write(usage);
    process.exitCode = 1;
  }
}
