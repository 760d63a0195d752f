import type { Duplex } from 'node:stream';

/** A connected socket that the host passed: a socket of the interpreter, without any way to another connection. */
export interface PassedSocket extends Duplex {
  /** The peer: address, space, port. The host decides whom it passes: use it only for logs and for sharing out resources. */
  readonly remoteAddress: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** An enclave's end of the passage, as the platform's loader gives it to the runtime. */
export interface EnclavePassage {
  /**
   * Begins to read. Called once. Broken framing ends the process, and so does the end of the passage.
   * @param arrived gets each socket, paused, with the 8 bytes that came with it. They are valid until it returns. If nothing reads
   *   the socket by the next turn, it is read into its buffer, as far as that goes, so that it sees its peer go; an end that comes
   *   then waits for a reader. What is not a connected TCP socket, as when its peer has gone meanwhile, arrives as a socket that is
   *   `destroyed` already and then emits `close`: it counts as any other does, and nothing of what was passed remains. What it
   *   throws ends the process.
   */
  start(arrived: (frame: Uint8Array, socket: PassedSocket) => void): void;
  /** Sends notices to the host, one after the other. The bytes stay as they are. */
  send(notices: Uint8Array): void;
}
