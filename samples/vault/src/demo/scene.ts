import type { KeyObject } from 'node:crypto';
import type { SgxPolicy } from '@enclos/attestation';
import type { Project } from '@enclos/build';
import { isEnclosError } from '@enclos/errors';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import type { ClientKey, VaultTrust } from '../client.ts';
import { VaultResponseError } from '../http.ts';
import type { Story } from '../story.ts';

export interface Signed {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
  readonly mrEnclave: Uint8Array;
}

/** What every chapter needs. */
export interface Scene {
  readonly story: Story;
  /** The folder for everything that the demo leaves on the disk. */
  readonly folder: string;
  readonly project: Project;
  /** Signs the vault. */
  readonly alice: KeyObject;
  readonly signed: Signed;
  readonly platform: EmbeddedPlatform;
  /** The host's disk. */
  readonly storage: string;
}

/** The client, which has a secret. */
export interface Client {
  readonly trust: VaultTrust & { readonly policy: SgxPolicy };
  readonly owner: ClientKey;
  readonly reader: ClientKey;
}

export const secretName = 'launch';
export const firstText = 'the launch code is 7-4-1-9';
export const secondText = 'the launch code is 2-8-6-5';

/** Why an attempt was refused, in the vault's own words or as a code, or a text that it was not refused. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'it was not refused';
  } catch (error) {
    if (!(error instanceof VaultResponseError) && !isEnclosError(error)) throw error;
    return error.code === 'ENCLAVE_APPLICATION_ERROR' ? error.message : error.code;
  }
}
