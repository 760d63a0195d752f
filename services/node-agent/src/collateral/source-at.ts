import { readFile } from 'node:fs/promises';
import { unreadableReason } from '@enclos/diagnostics';
import { EnclosError } from '@enclos/errors';
import type { CollateralPlace } from '../options.ts';
import { fileSource } from './file-source.ts';
import type { CollateralSource } from './source.ts';
import { urlSource } from './url-source.ts';

/** @throws AGENT_COLLATERAL_UNREACHABLE when the file of certificate authorities cannot be read */
export async function sourceAt(place: CollateralPlace): Promise<CollateralSource> {
  if ('path' in place) return fileSource(place.path);
  const { url, authorityFile } = place;
  if (authorityFile === undefined) return urlSource({ url });
  const certificateAuthority = await readFile(authorityFile, 'utf8').catch((cause: unknown) => {
    const message = `${authorityFile} cannot be read: ${unreadableReason(cause)}.`;
    throw new EnclosError('AGENT_COLLATERAL_UNREACHABLE', message, { cause });
  });
  return urlSource({ url, certificateAuthority });
}
