import { startAgent } from './agent.ts';
import type { Log } from './log.ts';
import type { AgentOptions } from './options.ts';

/** Runs the agent until this process is told to end. @throws what keeps it from starting */
export async function runAgent(options: AgentOptions, log: Log): Promise<void> {
  const agent = await startAgent(options, { log, now: () => new Date() });
  log.info('started', { rootFingerprint: agent.rootFingerprint, metricsPort: agent.metricsPort });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  log.info('stopping');
  await agent.close();
  log.info('stopped');
}
