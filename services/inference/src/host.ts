import './errors.ts';
import { helpText } from '@enclos/command-line';
import { openTelemetry } from '@enclos/host/opentelemetry';
import { runHostProgram } from '@enclos/service/program';
import { parseCommandLine, type ServiceOptions } from './host/command-line.ts';
import { hostCommand, program } from './host/host-command.ts';
import { runService } from './host/run-service.ts';

await runHostProgram({
  options,
  serve: (given, context) => runService(given, { ...context, instrumentation: openTelemetry() }),
});

function options(): ServiceOptions | undefined {
  const given = parseCommandLine(process.argv.slice(2));
  if (given === undefined) process.stdout.write(helpText(program, hostCommand));
  return given;
}
