import type { Duplex } from 'node:stream';
import type { Capabilities } from '../capabilities.ts';

/**
 * How strictly the enclave is isolated. `strict` refuses to start unless every layer is active; `best` takes the layers that
 * the machine offers and reports those that are missing.
 */
export type Isolation = 'strict' | 'best';

export interface LaunchRequest {
  /** The image, an SGXS stream. */
  readonly image: Uint8Array;
  /** SIGSTRUCT, 1808 bytes. */
  readonly signature: Uint8Array;
  /** Ask for a debug enclave (ATTRIBUTES.DEBUG). The signature must permit it. */
  readonly debug: boolean;
  readonly isolation: Isolation;
  /** Ask for the interpreter's inspector. Only a debug enclave has one: its user can read and change everything inside. */
  readonly inspector?: boolean | undefined;
  /**
   * Connects to the passage, the Unix socket through which this host passes connected sockets to the enclave. Called before the
   * gate is connected, and only when the platform decided that they are passed. Without it the host cannot pass any.
   */
  readonly openPassage?: ((path: string) => Promise<void>) | undefined;
  /** The files of the companions of the image; a platform that has one already does not read it. */
  readonly files?: readonly LaunchFile[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file that a companion of the image needs. */
export interface LaunchFile {
  readonly path: string;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  readonly sizeBytes: number;
  /** The content, in pieces of any size. */
  open(): AsyncIterable<Uint8Array>;
}

/** One layer between the enclave and the machine. */
export interface IsolationLayer {
  readonly name: string;
  readonly active: boolean;
  /** What the layer does when active; otherwise how to get it. */
  readonly detail: string;
}

/** The identity of the enclave, as the platform measured it. */
export interface LaunchedIdentity {
  readonly mrEnclave: Uint8Array;
  readonly mrSigner: Uint8Array;
  readonly productId: number;
  readonly securityVersion: number;
  readonly debug: boolean;
}

/** Why an enclave ended. `detail` is for people and holds nothing from inside a production enclave. */
export interface EnclaveExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly detail: string;
}

export interface LaunchedEnclave {
  readonly identity: LaunchedIdentity;
  readonly isolation: readonly IsolationLayer[];
  /** The layers of its companions, by name. Absent when it has none. */
  readonly companions?: Readonly<Record<string, readonly IsolationLayer[]>> | undefined;
  /** The call gate: a byte stream to the enclave, paused. A chunk of it may be valid only until its listener returns. */
  readonly gate: Duplex;
  /** The requested inspector: messages of the Chrome DevTools Protocol, one a line. */
  readonly inspector?: Duplex | undefined;
  /** Why the connections of its streams are relayed, where they could have been passed: a sentence. */
  readonly relayedWhy?: string | undefined;
  /** Settles when the enclave process is gone; never rejects. */
  readonly exited: Promise<EnclaveExit>;
  /** Kills the enclave. Idempotent; resolves when it is gone. */
  terminate(): Promise<void>;
}

/** What starts an enclave. */
export interface Launcher {
  readonly capabilities: Capabilities;
  launch(request: LaunchRequest): Promise<LaunchedEnclave>;
  /** The endorsements of the evidence that its enclaves give (JSON, the shape of QuoteCollateralV3), from a platform that has them. */
  endorsements?(): Promise<string>;
  /** Settles when the connection to the platform has ended, for one that can end by itself; never rejects. */
  readonly closed?: Promise<void>;
  close(): Promise<void>;
}
