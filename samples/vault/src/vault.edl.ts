import { array, bytes, defineInterface, func, option, record, string } from '@enclos/edl';

/** P-256, uncompressed. */
const publicKey = bytes({ exactBytes: 65 });
const name = string({ minBytes: 1, maxBytes: 64 });
/** HPKE (RFC 9180): the encapsulated key, then the ciphertext. */
const encrypted = record({ encapsulatedKey: publicKey, ciphertext: bytes({ maxBytes: 66_000 }) });

export const vault = defineInterface({
  name: 'vault',
  trusted: {
    /** The enclave's encryption key, and a quote that binds it to the caller's nonce. */
    evidence: func(
      { nonce: bytes({ minBytes: 16, maxBytes: 64 }) },
      record({ publicKey, quote: bytes({ maxBytes: 65_536 }) }),
    ),
    /** Keeps a secret. It arrives encrypted to the enclave's key, and says who may read it. */
    put: func({ name, upload: encrypted }),
    /** Releases a secret to a reader that its owner named, encrypted to that reader's key. */
    release: func({ name, reader: publicKey }, encrypted),
    names: func({}, array(name, { maxItems: 1024 })),
  },
  untrusted: {
    store: func({ name, sealed: bytes({ maxBytes: 70_000 }) }),
    load: func({ name }, option(bytes({ maxBytes: 70_000 }))),
    list: func({}, array(name, { maxItems: 1024 })),
  },
});

/** What an upload holds once it is decrypted, and what is sealed. */
export const secretRecord = record({
  /** The release policy: the public keys of the readers. */
  readers: array(publicKey, { minItems: 1, maxItems: 16 }),
  value: bytes({ minBytes: 1, maxBytes: 60_000 }),
});

/** Ties evidence to this use: part of the quote's report data. */
export const evidencePurpose = 'enclos vault upload v1';
