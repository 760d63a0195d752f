import { fromHex } from '@enclos/codec';
import { refuseUsage } from '../usage-error.ts';

/** @throws CLI_USAGE unless the value is hex of `sizeBytes` bytes, or of any size when none is given. */
export function hexOption(name: string, value: string, sizeBytes?: number): Uint8Array {
  const wanted = sizeBytes === undefined ? 'bytes in hex' : `${sizeBytes} bytes in hex (${sizeBytes * 2} digits)`;
  if (!/^(?:[0-9a-f]{2})+$/i.test(value) || (sizeBytes !== undefined && value.length !== sizeBytes * 2)) {
    refuseUsage(`${name} is ${wanted}.`);
  }
  return fromHex(value.toLowerCase());
}
