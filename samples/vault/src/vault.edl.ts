import { array, bytes, defineInterface, func, option, record, string, uint32, union } from '@enclos/edl';

/** P-256, uncompressed. */
const publicKey = bytes({ exactBytes: 65 });
/** Fresh for each release, so that an earlier answer cannot be replayed. */
const challenge = bytes({ exactBytes: 32 });
const name = string({ minBytes: 1, maxBytes: 64 });
/** HPKE (RFC 9180): the encapsulated key, then the ciphertext. */
const encrypted = record({ encapsulatedKey: publicKey, ciphertext: bytes({ maxBytes: 66_000 }) });

/** The number of secrets that a vault keeps. */
export const maxSecrets = 1024;

export const vault = defineInterface({
  name: 'vault',
  trusted: {
    /** The enclave's encryption key, and a quote that binds it to the caller's nonce. */
    evidence: func(
      { nonce: bytes({ minBytes: 16, maxBytes: 64 }) },
      record({ publicKey, quote: bytes({ maxBytes: 65_536 }) }),
    ),
    /** Keeps a new secret. It arrives encrypted to the enclave's key, and says who owns it and who may read it. */
    put: func({ name, upload: encrypted }),
    /** Replaces a secret, if its owner signed `replacementOrder` for the next version. */
    replace: func({ name, version: uint32(), upload: encrypted, signature: bytes({ exactBytes: 64 }) }),
    /** Releases a secret to a reader that its owner named, encrypted to that reader's key by the enclave's key. */
    release: func({ name, reader: publicKey, challenge }, encrypted),
    names: func({}, array(name, { maxItems: maxSecrets })),
  },
  untrusted: {
    store: func({ name, sealed: bytes({ maxBytes: 70_000 }) }),
    load: func({ name }, option(bytes({ maxBytes: 70_000 }))),
    list: func({}, array(name, { maxItems: maxSecrets })),
  },
});

/** The content of a decrypted upload. */
export const uploadedSecret = record({
  /** ECDSA P-256: the key whose signature can replace this secret. */
  owner: publicKey,
  /** The release policy: the public keys of the readers. */
  readers: array(publicKey, { minItems: 1, maxItems: 16 }),
  value: bytes({ minBytes: 1, maxBytes: 60_000 }),
});

/** The content of a sealed blob. */
export const keptSecret = record({ version: uint32(), secret: uploadedSecret });

/** The content of a decrypted release. */
export const releasedSecret = record({ version: uint32(), owner: publicKey, value: bytes({ maxBytes: 60_000 }) });

/** The order that the owner signs to replace a secret. The upload is for one enclave's key, and so is the order. */
export const replacementOrder = record({
  purpose: string({ maxBytes: 64 }),
  name,
  version: uint32(),
  upload: encrypted,
});
export const replacementPurpose = 'enclos vault replacement v1';

/** The use of a message between a client and the enclave, which HPKE authenticates. */
export const messageUse = union('direction', {
  upload: record({ name }),
  release: record({ name, challenge }),
});

/** Ties evidence to this use: part of the quote's report data. */
export const evidencePurpose = 'enclos vault v2';
