/** A file that the enclave may read: Gramine opens it only while it has this hash. */
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
  /** The SGXS image. The launcher compares this file with the image that it is given. */
  readonly image: TrustedFile;
  /** All other files that are opened inside: Gramine's C library, the libraries of the interpreter, the program. */
  readonly trustedFiles: readonly TrustedFile[];
  /** The arguments after the program's name in argv. They are fixed: the host cannot add any. */
  readonly arguments: readonly string[];
  /** Variables with a measured value. */
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  /** Variables that the host may set. Their values are untrusted. */
  readonly environmentFromHost?: readonly string[];
  /** A power of two, 512 MiB to 1 TiB. Without EDMM all of it is taken at the start. Node wants 2 GiB. */
  readonly enclaveSizeBytes: number;
  /** 16 to 1024. */
  readonly threads: number;
  /** A debug enclave: the user that starts it can read and change everything inside. */
  readonly debug: boolean;
  readonly productId: number;
  readonly securityVersion: number;
  /** Take memory as it is needed (SGX2, Linux 6.0 or later). */
  readonly edmm?: boolean;
  /**
   * Let the host emulate eventfd(2), without which Node does not start on a Gramine that does not emulate it inside. The host
   * can then wake the enclave's loops needlessly, or not at all, just as it can stop the whole process.
   */
  readonly hostEventfd?: boolean;
}
