import './errors.ts';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { exitCodeOf, helpText } from '@enclos/command-line';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment, jsonLines, type HostEnvironment } from '@enclos/host';
import { openTelemetry } from '@enclos/host/opentelemetry';
import { parseCommandLine, type ServiceOptions } from './host/command-line.ts';
import { makeDevelopmentConfiguration } from './host/development.ts';
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
    await serveWith(environment, options, told.signal);
  } catch (error) {
    // Told to end before it served: that is not a failure.
    if (error !== told.signal.reason) throw error;
    logger.info({ event: 'told-to-end' }, 'It was told to end before it served anything.');
  } finally {
    // Its connection would keep a process going that serves nothing.
    await environment.launcher.close();
  }
}

async function serveWith(environment: HostEnvironment, options: ServiceOptions, signal: AbortSignal): Promise<void> {
  if (options.development) await prepareDevelopment(options, await environment.launcher.endorsements());
  const service = await runService(options, { environment, logger, instrumentation: openTelemetry(), signal });
  for (const { issuer, configurationDigest } of service.served.tenants) {
    logger.info({ event: 'tenant', issuer, configurationDigest }, 'Clients pin the digest of the configuration.');
  }
  const lost = await Promise.race([aborted(signal), service.ended]);
  if (lost !== undefined) {
    // A service without its enclave answers nothing: its supervisor starts it again.
    process.exitCode = 1;
    logger.error({ event: 'enclave-lost' }, lost);
  }
  await service.stop();
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}

async function prepareDevelopment(options: ServiceOptions, endorsements: string): Promise<void> {
  const { configuration, listen } = options;
  const token = join(dirname(configuration), 'attestation-token.txt');
  const issuer = `https://localhost:${listen.port}`;
  const isMade = await makeDevelopmentConfiguration({ configuration, token, issuer, endorsements, now: new Date() });
  if (!isMade) return;
  logger.warn({ event: 'development', configuration, token }, 'For trying out: it takes software evidence.');
}
