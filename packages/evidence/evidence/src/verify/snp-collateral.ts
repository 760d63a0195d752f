import type { SnpCollateral } from '@enclos/attestation';
import { fromHex } from '@enclos/codec';
import { attempt } from '../recognise/attempt.ts';
import { amdRoleOf } from '../recognise/amd-role.ts';
import { findPemBlocks } from '@enclos/codec/pem';
import { isRecord, mostPemBlocks } from '../recognise/text-forms.ts';

/**
 * What endorses a report, from JSON in the shape of the endorsements client
 * (`certificate_chain`, `crl`) or of Azure's THIM (`vcekCert`,
 * `certificateChain`, without a list). A chain without a leaf gets the one that
 * came with the evidence. What is missing is for `parseSnpCollateral` to say.
 */
export function snpCollateralOf(json: unknown, carried: readonly Uint8Array[]): Partial<SnpCollateral> {
  const { certificate_chain: chain, crl, vcekCert, certificateChain } = isRecord(json) ? json : {};
  const texts = [chain, vcekCert, certificateChain].filter((text) => typeof text === 'string');
  const certificates = texts.flatMap((text) => findPemBlocks(text, mostPemBlocks)).map(({ bytes }) => bytes);
  const leaf = certificates.find(isAmdLeaf) ?? carried.find(isAmdLeaf);
  const authorities = certificates.filter((der) => !isAmdLeaf(der));
  return {
    ...(leaf === undefined ? {} : { signingKeyCertificate: leaf }),
    ...(authorities.length === 0 ? {} : { certificateChain: authorities }),
    ...(typeof crl === 'string' ? { revocationList: hexOrNothing(crl) } : {}),
  };
}

/** Empty for text that is not hex: the list is there and cannot be read, which must not pass for absent. */
function hexOrNothing(text: string): Uint8Array {
  return attempt(() => fromHex(text)) ?? new Uint8Array();
}

function isAmdLeaf(der: Uint8Array): boolean {
  return amdRoleOf(der) === 'leaf';
}
