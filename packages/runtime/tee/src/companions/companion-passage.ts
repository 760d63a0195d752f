import type { Duplex } from 'node:stream';

/** An enclave's end of the passage of its companions, as the platform's loader gives it to the runtime. */
export interface CompanionPassage {
  /**
   * Begins to read. Called once. The end of the passage ends the process, and so does broken framing.
   * @param arrived gets the channel to each process, paused, with the 8 bytes that came with it. They are valid until it returns. A
   *   chunk of a channel is valid only until its listener returns. What it throws ends the process.
   */
  start(arrived: (frame: Uint8Array, channel: Duplex) => void): void;
  /** Sends one notice to the platform. */
  send(notice: Uint8Array): void;
}

/** What the platform's loader gives the script of a companion. */
export interface CompanionCapabilities {
  /** The channel to the enclave, paused. A chunk of it is valid only until its listener returns. */
  readonly channel: Duplex;
  /** The declared files, in the order of the manifest. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Reads a declared file. */
  readonly readFile: (path: string) => Uint8Array;
  /** Loads a declared file as a native addon; absent unless the manifest allows it. */
  readonly loadAddon?: ((path: string) => unknown) | undefined;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}
