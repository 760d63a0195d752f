import './errors.ts';
import { once } from 'node:events';
import { exitCodeOf, helpText } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment, jsonLines } from '@enclos/host';
import { openTelemetry } from '@enclos/host/opentelemetry';
import { parseCommandLine, type ServiceOptions } from './host/command-line.ts';
import { hostCommand, program } from './host/host-command.ts';
import { runService } from './host/run-service.ts';

const logger = jsonLines();

try {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === undefined) process.stdout.write(helpText(program, hostCommand));
  else await serve(options);
} catch (error) {
  process.exitCode = isEnclosError(error) ? exitCodeOf(error) : 1;
  const code = isEnclosError(error) ? error.code : 'UNEXPECTED';
  const next = isEnclosError(error) ? { next: error.next } : {};
  logger.error({ event: 'failed', code, ...next }, error instanceof Error ? error.message : 'It failed.');
}

async function serve(options: ServiceOptions): Promise<void> {
  // Before anything is served: as process 1 of a container, a signal without a handler does nothing.
  const told = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => told.abort());
  const environment = await fromEnvironment();
  try {
    const service = await runService(options, { environment, logger, instrumentation: openTelemetry() });
    const lost = await Promise.race([aborted(told.signal), service.ended]);
    if (lost !== undefined) {
      // A service without its enclave answers nothing: its supervisor starts it again.
      process.exitCode = 1;
      logger.error({ event: 'enclave-lost' }, lost);
    }
    await service.stop();
  } finally {
    // Its connection would keep a process going that serves nothing.
    await environment.launcher.close();
  }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}
