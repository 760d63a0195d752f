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
import { decryptMessage, encryptMessage, type Encrypted } from './encryption.ts';
import { isSignedBy } from './ownership.ts';
import { createVersions } from './versions.ts';
import { evidencePurpose, keptSecret, maxSecrets, releasedSecret, uploadedSecret, vault } from './vault.edl.ts';

type Host = CallContext<(typeof vault)['untrusted']>['host'];
type Uploaded = Infer<typeof uploadedSecret>;
type Kept = Infer<typeof keptSecret>;

/**
 * Made at start, and gone with the enclave; its private half cannot be exported. The quote vouches for it: uploads are
 * encrypted to it, and releases are authenticated by it.
 */
const key = generateKeyPair('agreement');

const versions = createVersions(maxSecrets);

/**
 * Signer policy: a later version of this vault, by the same signer, can open what this one sealed; earlier versions and other
 * enclaves cannot. The name is bound, so the host cannot hand out one secret under the name of another.
 */
const sealing = (name: string) => ({ policy: 'signer', associatedData: utf8(`vault secret ${name}`) }) as const;

export const application = defineEnclave(vault, {
  async evidence({ nonce }) {
    const { publicKey } = await key;
    return { publicKey, quote: await quote({ purpose: evidencePurpose, nonce, key: publicKey }) };
  },

  async put({ name, upload }, { host }) {
    const secret = await openUpload(name, upload);
    await versions.inTurn(async () => {
      if ((await load(name, host)) !== undefined) {
        throw new ApplicationError('There is such a secret: only its owner can replace it.');
      }
      await store(name, { version: 1, secret }, host);
    });
  },

  async replace({ name, version, upload, signature }, { host }) {
    const secret = await openUpload(name, upload);
    await versions.inTurn(async () => {
      const kept = await loadKept(name, host);
      if (version !== kept.version + 1) {
        throw new ApplicationError(`Version ${kept.version} is kept: only the next one can replace it.`);
      }
      if (!(await isSignedBy(kept.secret.owner, { name, version, upload }, signature))) {
        throw new ApplicationError('The replacement is not signed by the owner of this secret.');
      }
      await store(name, { version, secret }, host);
    });
  },

  async release({ name, reader, challenge }, { host }) {
    const { version, secret } = await versions.inTurn(() => loadKept(name, host));
    if (!secret.readers.some((allowed) => equalBytes(allowed, reader))) {
      throw new ApplicationError('The owner of this secret did not name this reader.');
    }
    const released = encodeValue(releasedSecret, { version, owner: secret.owner, value: secret.value });
    const { pair } = await key;
    return encryptMessage(released, { direction: 'release', name, challenge }, { recipient: reader, sender: pair });
  },

  names: (_, { host }) => host.list(),
});

async function openUpload(name: string, upload: Encrypted): Promise<Uploaded> {
  try {
    const { pair } = await key;
    return decodeValue(
      uploadedSecret,
      await decryptMessage(upload, { direction: 'upload', name }, { recipient: pair }),
    );
  } catch {
    // One answer for every failure: the sender learns nothing about the plaintext.
    throw new ApplicationError('The upload could not be opened with the key of this enclave.');
  }
}

async function store(name: string, kept: Kept, host: Host): Promise<void> {
  versions.requireRoom(name);
  await host.store({ name, sealed: await seal(encodeValue(keptSecret, kept), sealing(name)) });
  versions.saw(name, kept.version);
  log.info(`sealed version ${kept.version} of ${JSON.stringify(name)} for ${kept.secret.readers.length} reader(s)`);
}

async function load(name: string, host: Host): Promise<Kept | undefined> {
  const sealed = await host.load({ name });
  const kept = sealed === undefined ? undefined : decodeValue(keptSecret, await unseal(sealed, sealing(name)));
  versions.saw(name, kept?.version ?? 0);
  return kept;
}

async function loadKept(name: string, host: Host): Promise<Kept> {
  const kept = await load(name, host);
  if (kept === undefined) throw new ApplicationError('There is no such secret.');
  return kept;
}
