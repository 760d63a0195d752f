/** Where a record is kept, and whose it is. */
export interface RecordPlace {
  /** In the store. */
  readonly key: string;
  /** The tenant's issuer. */
  readonly issuer: string;
}

export interface OpenedRecord {
  /** As it was given to `protect`. */
  readonly record: Uint8Array;
  /** Under which configuration its maker proved to run; nothing where a protection has no proof of it. */
  readonly configurationDigest?: string;
}

/** Makes records that only replicas of this service can make, each for one place. */
export interface Protection {
  readonly protect: (record: Uint8Array, place: RecordPlace) => Promise<Uint8Array>;
  /** @throws SERVICE_STATE_INVALID for what was not made by `protect` of a replica, for this very place. */
  readonly open: (bytes: Uint8Array, place: RecordPlace) => Promise<OpenedRecord>;
}
