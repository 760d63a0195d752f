import type { Isolation } from '@enclos/tee';

/** What every command that builds and runs a project is told. */
export interface RunOptions {
  /** The folder of enclave.json. */
  readonly folder: string;
  readonly isolation: Isolation;
  /** Builds and runs a debug enclave, which keeps no secrets. */
  readonly debug: boolean;
  /** Builds and runs the variant in which every connection is relayed. */
  readonly relayed?: boolean | undefined;
  /** The host program, relative to the folder. */
  readonly host: string;
  /** Arguments of the host program. */
  readonly args: readonly string[];
  /** Signing key. Default: signing.key.pem of the project, or a development key. */
  readonly keyFile?: string | undefined;
  /** Where the embedded platform keeps its keys. */
  readonly stateFolder: string;
  /** The socket of a running platform, instead of an embedded one. */
  readonly platformSocket?: string | undefined;
  /** Where the standard output of the host program goes, when ours is for something else. */
  readonly output?: 'stderr' | undefined;
}

export interface RunOutcome {
  /** The exit code of the host program. */
  readonly exitCode: number;
}
