import { equalBytes, utf8 } from '@enclos/codec';
import { decodeValue, encodeValue, type Infer } from '@enclos/edl';
import {
  ApplicationError,
  defineEnclave,
  generateKeyPair,
  log,
  quote,
  seal,
  unseal,
  type CallContext,
} from '@enclos/enclave';
import { decryptWith, encryptTo } from './encryption.ts';
import { evidencePurpose, secretRecord, vault } from './vault.edl.ts';

type Host = CallContext<(typeof vault)['untrusted']>['host'];
type Secret = Infer<typeof secretRecord>;

/** Born at start, gone with the enclave; its private half cannot be exported. */
const key = generateKeyPair('agreement');

/**
 * Signer policy: a later version of this vault, by the same signer, can open
 * what this one sealed; an earlier version and everybody else cannot. The name
 * is bound, so the host cannot hand out one secret under another's name.
 */
const sealing = (name: string) => ({ policy: 'signer', associatedData: utf8(`vault secret ${name}`) }) as const;

export const application = defineEnclave(vault, {
  async evidence({ nonce }) {
    const { publicKey } = await key;
    return { publicKey, quote: await quote({ purpose: evidencePurpose, nonce, key: publicKey }) };
  },

  async put({ name, upload }, { host }) {
    const secret = await openUpload(name, upload);
    await host.store({ name, sealed: await seal(encodeValue(secretRecord, secret), sealing(name)) });
    log.info(`sealed "${name}" for ${secret.readers.length} reader(s)`);
  },

  async release({ name, reader }, { host }) {
    const secret = await load(name, host);
    if (!secret.readers.some((allowed) => equalBytes(allowed, reader))) {
      throw new ApplicationError('The owner of this secret did not name this reader.');
    }
    return encryptTo(reader, { direction: 'release', name }, secret.value);
  },

  names: (_, { host }) => host.list(),
});

async function openUpload(
  name: string,
  upload: { encapsulatedKey: Uint8Array; ciphertext: Uint8Array },
): Promise<Secret> {
  try {
    const { pair } = await key;
    return decodeValue(secretRecord, await decryptWith(pair, { direction: 'upload', name }, upload));
  } catch {
    // One answer for every failure: the sender learns nothing about the plaintext.
    throw new ApplicationError('The upload could not be opened with the key of this enclave.');
  }
}

async function load(name: string, host: Host): Promise<Secret> {
  const sealed = await host.load({ name });
  if (sealed === undefined) throw new ApplicationError('There is no such secret.');
  return decodeValue(secretRecord, await unseal(sealed, sealing(name)));
}
