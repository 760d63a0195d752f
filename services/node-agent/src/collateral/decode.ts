import { decodeUtf8 } from '@enclos/codec/text';
import { EnclosError } from '@enclos/errors';

/** @throws AGENT_COLLATERAL_REFUSED */
export function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new EnclosError('AGENT_COLLATERAL_REFUSED', `${name} is not UTF-8 text.`, { cause });
  }
}
