import { decodeUtf8 } from '@enclos/codec/text';
import { readBoundedFile } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { maxCollateralBytes } from './source.ts';

/** @throws AGENT_COLLATERAL_REFUSED */
export function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new EnclosError('AGENT_COLLATERAL_REFUSED', `${name} is not UTF-8 text.`, { cause });
  }
}

/** Reads a file of collateral. @throws AGENT_COLLATERAL_REFUSED, and the error of the file system */
export async function readText(path: string): Promise<string> {
  const read = await readBoundedFile(path, maxCollateralBytes);
  if ('unfit' in read) throw new EnclosError('AGENT_COLLATERAL_REFUSED', `${path} ${read.unfit}.`);
  return decodeText(path, read.bytes);
}
