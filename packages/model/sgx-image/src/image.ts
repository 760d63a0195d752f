import type { Attributes } from '@enclos/sgx';

/** A page of an enclave, as EADD takes it. */
export interface EnclavePage {
  /** Bytes from the start of the enclave. */
  readonly offset: number;
  /** SECINFO.FLAGS. */
  readonly flags: bigint;
  /** 4096 bytes, not to be changed, and valid until the next page is asked for; undefined: zeros. */
  readonly content: Uint8Array | undefined;
  /** True: all 16 chunks are measured (EEXTEND). False: none. */
  readonly measured: boolean;
}

/** A signed enclave of an SDK, or an SGXS stream. */
export interface EnclaveImage {
  readonly sdk: 'intel' | 'open-enclave' | 'sgxs';
  /** The version of the metadata of Intel's SDK that count, such as `2.4`. */
  readonly version: string | undefined;
  /** Size of the enclave's range, bytes: a power of two. */
  readonly sizeBytes: bigint;
  /** Pages. */
  readonly ssaFrameSize: number;
  /** What the file wants in its SECS, before the masks of the signature: see `launchAttributes`. */
  readonly attributes: Attributes;
  readonly miscSelect: number;
  /** SIGSTRUCT, 1808 bytes, not verified; undefined when the file has none. */
  readonly signature: Uint8Array | undefined;
  /** TCS pages. */
  readonly threads: number;
  /** Length of its SGXS stream, which is what measuring it hashes. A small file can declare an enclave of many gigabytes. */
  readonly streamBytes: number;
  /**
   * The pages in the order in which they are measured. It can be called again, and holds about a megabyte, however large the enclave is.
   * @throws ENCLAVE_FILE_INVALID when the file changed meanwhile
   */
  pages(): Iterable<EnclavePage>;
}

/** What the file of an SDK says beside its pages. */
export interface SdkEnclaveImage extends EnclaveImage {
  readonly sdk: 'intel' | 'open-enclave';
  /** Bytes. */
  readonly heapBytes: number;
  /** Bytes, of each thread. */
  readonly stackBytes: number;
  /** What the SDK wrote, in the order of the file: Intel's writes one for each kind of processor. */
  readonly metadata: readonly SdkMetadata[];
  /** What a signer of the file would sign: the numbers that its SDK wrote beside the signature. */
  readonly product: SdkProduct | undefined;
}

/** What an SDK and its signer wrote into the file. */
export interface SdkMetadata {
  /** Intel's SDK has versions, such as `2.4`. */
  readonly version: string | undefined;
  /** Size of the enclave's range, where the metadata say it. */
  readonly enclaveBytes: bigint | undefined;
  /** Where in the file the SIGSTRUCT is, or goes. */
  readonly signatureOffset: number;
  readonly signature: Uint8Array | undefined;
}

export interface SdkProduct {
  readonly productId: number;
  readonly securityVersion: number;
  /** 16 bytes. */
  readonly familyId: Uint8Array;
  /** 16 bytes. */
  readonly extendedProductId: Uint8Array;
  /** ATTRIBUTES.FLAGS: DEBUG says that debugging is allowed. */
  readonly flags: bigint;
  /** MISCSELECT may have EXINFO. */
  readonly exceptionInformation: boolean;
}
