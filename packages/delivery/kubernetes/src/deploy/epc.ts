import { EnclosError } from '@enclos/errors';
import { bytesText, canonicalQuantity, parseQuantity } from '@enclos/kubernetes-schema';
import { isTooManyDevices, oneDeviceOnly, softwareResource } from '../software-device.ts';
import { epcBytesOf, meaningOf, type ResourceAmount } from '../lint/sgx-resources.ts';

const nowhere = { start: 0, end: 0 };

/**
 * Takes EPC out of resources, in any of its three spellings, and writes it in the current one.
 * @throws DEPLOY_SETTINGS_INVALID when it is given twice, or is not a whole number; and for devices, which the profile gives
 */
export function epcText(resources: Readonly<Record<string, string | number>>): {
  readonly epc: string | undefined;
  readonly others: Readonly<Record<string, string>>;
} {
  const others: Record<string, string> = {};
  let epc: string | undefined;
  for (const [name, value] of Object.entries(resources)) {
    const meaning = meaningOf(name);
    if (name === softwareResource && isTooManyDevices(value)) throw invalid(oneDeviceOnly.slice(0, -1));
    if (meaning === 'other') others[name] = storedQuantity(value, -3);
    else if (meaning === 'device' || meaning === 'misnamed') {
      throw invalid(`"${name}" in resources: the profile asks for the devices; only EPC is said there`);
    } else if (epc === undefined) epc = storedQuantity(bytesText(bytesOf(name, String(value))), -3);
    else throw invalid('EPC is in resources twice, in two spellings');
  }
  return { epc, others };
}

function bytesOf(name: string, text: string): bigint {
  const amount: ResourceAmount = { name, key: nowhere, limit: { text, span: nowhere, quantity: parseQuantity(text) } };
  const bytes = epcBytesOf(amount);
  if (bytes === undefined || bytes <= 0n) throw invalid(`"${name}": ${text} is not a whole number of EPC`);
  return bytes;
}

/** As the API server stores it: a manifest that says it otherwise is a change each time it is applied. */
export function storedQuantity(value: string | number, leastExponent: -9 | -3): string {
  const text = String(value);
  // Settings are checked before: everything in them is a quantity.
  return canonicalQuantity(text, leastExponent) ?? text;
}

function invalid(message: string): EnclosError {
  return new EnclosError('DEPLOY_SETTINGS_INVALID', `${message}.`);
}
