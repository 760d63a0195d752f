import { parseP256RevocationList } from '../src/x509/p256-certificate.ts';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { makePlatform } from '../test/synthetic-platform.ts';

const { collateral } = await makePlatform();

export const seeds: readonly Uint8Array[] = [fromHex(collateral.root_ca_crl), fromHex(collateral.pck_crl)];

export function fuzz(data: Uint8Array): void {
  try {
    parseP256RevocationList(data);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}
