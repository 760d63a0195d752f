import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBase64url } from '@enclos/codec';
import { openVendor, stateFolders } from '@enclos/software-sgx';
import { bytesField, request } from '../http.ts';
import type { Scene } from './scene.ts';

/** The files that verify the vault. */
const names = { quote: 'quote.bin', collateral: 'collateral.json', root: 'root.pem' };

export interface EvidenceRequest {
  readonly url: string;
  readonly stateFolder: string;
  /** The folder for the files. Made when absent. */
  readonly folder: string;
}

/** Keeps a quote of the running vault, and the files to verify it: `enclos verify` reads all three. */
export async function keepEvidence({ story }: Scene, { url, stateFolder, folder }: EvidenceRequest): Promise<void> {
  const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(32)));
  const answer = await request(`${url}/evidence?nonce=${nonce}`);
  const { rootPem } = await openVendor(stateFolders(stateFolder).vendorFolder);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, names.quote), bytesField(answer, 'quote'));
  await writeFile(join(folder, names.collateral), JSON.stringify(await request(`${url}/endorsements`)));
  await writeFile(join(folder, names.root), rootPem);
  story.say('its evidence is in', `${folder}: ${Object.values(names).join(', ')}`);
}
