import { EnclosError } from '@enclos/errors';

/** @param usage the line that shows how the command is called. @throws CLI_USAGE always */
export function refuseUsage(message: string, usage?: string): never {
  throw new EnclosError('CLI_USAGE', message, usage === undefined ? {} : { details: { usage } });
}
