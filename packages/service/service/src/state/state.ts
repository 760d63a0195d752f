/** A state, and where it stands in the chain of states. */
export interface StateSnapshot<D> {
  /** 0 for what the configuration says, and one more with every change. */
  readonly epoch: number;
  /** SHA-256 over the configuration's digest, epoch, the digest before and the document; base64url. */
  readonly digest: string;
  readonly document: D;
}

/** The state of one issuer in an untrusted store. */
export interface State<D> {
  /**
   * @param options fresh: what the store has now; otherwise what was read a moment ago is good enough.
   * @throws SERVICE_STATE_INVALID for a store that was tampered with, older than what this replica has seen, or partial.
   */
  read(options?: { readonly fresh?: boolean }): Promise<StateSnapshot<D>>;
  /** Changes the document; when another replica was faster, `change` runs again on what that one wrote. */
  update(change: (document: D) => D): Promise<StateSnapshot<D>>;
}

/** What a state has reached, as clients pin it. */
export interface StateFloor {
  readonly epoch: number;
  /** Base64url. */
  readonly digest: string;
}

/** How one service writes its documents. */
export interface StateFormat<D> {
  /** Lower-case name of the service. It is part of what is sealed and signed, so records of two services never mix. */
  readonly service: string;
  /** One document has one encoding, of at most `maximumDocumentBytes`. @throws a CODEC error for what has none. */
  readonly encode: (document: D) => Uint8Array;
  /** Reads all of the bytes. @throws a CODEC error for every encoding but the one. */
  readonly decode: (bytes: Uint8Array) => D;
}

/** What a document may take of a record; the rest of it is for the protection, of which a certificate with evidence is the largest. */
export const maximumDocumentBytes = 3_932_160;
