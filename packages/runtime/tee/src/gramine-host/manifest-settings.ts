/** A file that the enclave may read: Gramine gives it out only while it has this hash. */
export interface TrustedFile {
  /** Absolute, on the host; the enclave sees it under the same path. */
  readonly path: string;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
}

export interface GramineManifestSettings {
  /** Gramine's library OS, `libsysdb.so`. */
  readonly libos: TrustedFile;
  /** The Node binary. */
  readonly interpreter: TrustedFile;
  /** The SGXS image. It is the file that the launcher compares with what it is given. */
  readonly image: TrustedFile;
  /** All else that is opened inside: Gramine's C library, the libraries of the interpreter, the program. */
  readonly trustedFiles: readonly TrustedFile[];
  /** What follows the program's name in argv. Fixed: the host can add nothing. */
  readonly arguments: readonly string[];
  /** Variables with a measured value. */
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  /** Variables that the host may set. Their values are its word. */
  readonly environmentFromHost?: readonly string[];
  /** A power of two, 512 MiB to 1 TiB. Without EDMM all of it is taken at the start. Node wants 2 GiB. */
  readonly enclaveSizeBytes: number;
  /** 16 to 1024. */
  readonly threads: number;
  /** A debug enclave: whoever starts it reads and changes everything inside. */
  readonly debug: boolean;
  readonly productId: number;
  readonly securityVersion: number;
  /** Take memory as it is needed (SGX2, Linux 6.0 or later). */
  readonly edmm?: boolean;
  /**
   * Let the host emulate eventfd(2), without which Node does not start on a Gramine that does not emulate it inside. The
   * host can then wake the enclave's loops for nothing, or not at all, as it can stop the whole process.
   */
  readonly hostEventfd?: boolean;
}
