import './errors.ts';
import { dirname, join } from 'node:path';
import { helpText } from '@enclos/command-line';
import type { EnclosLogger } from '@enclos/host';
import { openTelemetry } from '@enclos/host/opentelemetry';
import { runHostProgram, type ProgramContext } from '@enclos/service/program';
import { parseCommandLine, type ServiceOptions } from './host/command-line.ts';
import { makeDevelopmentConfiguration } from './host/development.ts';
import { hostCommand, program } from './host/host-command.ts';
import { runService, type RunningService } from './host/run-service.ts';

await runHostProgram({ options, serve });

function options(): ServiceOptions | undefined {
  const given = parseCommandLine(process.argv.slice(2));
  if (given === undefined) process.stdout.write(helpText(program, hostCommand));
  return given;
}

async function serve(given: ServiceOptions, context: ProgramContext): Promise<RunningService> {
  const { environment, logger } = context;
  if (given.development) await prepareDevelopment(given, await environment.launcher.endorsements(), logger);
  const service = await runService(given, { ...context, instrumentation: openTelemetry() });
  for (const { issuer, configurationDigest } of service.served.tenants) {
    logger.info({ event: 'tenant', issuer, configurationDigest }, 'Clients pin the digest of the configuration.');
  }
  return service;
}

async function prepareDevelopment(
  { configuration, listen }: ServiceOptions,
  endorsements: string,
  logger: EnclosLogger,
): Promise<void> {
  const token = join(dirname(configuration), 'attestation-token.txt');
  const issuer = `https://localhost:${listen.port}`;
  const isMade = await makeDevelopmentConfiguration({ configuration, token, issuer, endorsements, now: new Date() });
  if (!isMade) return;
  logger.warn({ event: 'development', configuration, token }, 'For trying out: it takes software evidence.');
}
