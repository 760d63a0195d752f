import { refuseUsage } from '@enclos/cli-frame';
import { isJsonObject, type JsonValue, parseJson } from '@enclos/codec/json';
import { didYouMean } from '@enclos/diagnostics';
import { valueOfJson } from './values.ts';

/** An ECALL of the command line. */
export interface PlannedCall {
  readonly name: string;
  readonly values: object;
}

/** What the interface says of an ECALL. */
interface EcallName {
  readonly name: string;
  readonly isPublic: boolean;
}

/** A command line is not longer. */
const MAX_JSON_LENGTH = 1024 * 1024;

/**
 * Reads `NAME`, or `NAME JSON` with an object of the values by the names of the parameters.
 *
 * @param ecalls those of the interface
 * @throws CLI_USAGE
 */
export function plannedCall(text: string, ecalls: readonly EcallName[]): PlannedCall {
  const [, name = '', json] = /^\s*(\w+)(?:\s+(.*))?$/s.exec(text) ?? [];
  if (name === '') refuseUsage(`--call ${JSON.stringify(text)} does not begin with the name of an ECALL.`);
  const ecall = ecalls.find((one) => one.name === name);
  if (ecall === undefined) {
    const meant = didYouMean(
      name,
      ecalls.flatMap((one) => (one.isPublic ? [one.name] : [])),
    );
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    refuseUsage(`The interface has no public ECALL ${name}.${hint}`);
  }
  if (!ecall.isPublic) refuseUsage(`${name} is not public: only the handler of an OCALL that allows it may call it.`);
  if (json === undefined || json.trim() === '') return { name, values: {} };
  const parsed = readJson(name, json);
  if (!isJsonObject(parsed)) refuseUsage(`The values of ${name} are not a JSON object, such as {"a": 1}.`);
  const values = Object.entries(parsed).map(([parameter, value]) => [parameter, valueOfJson(value)] as const);
  return { name, values: Object.fromEntries(values) };
}

function readJson(name: string, json: string): JsonValue {
  try {
    return parseJson(json, MAX_JSON_LENGTH);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuseUsage(`The values of ${name} are not JSON: ${why}`);
  }
}
