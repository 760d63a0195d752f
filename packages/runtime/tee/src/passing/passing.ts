import type { Server, Socket } from 'node:net';
import type { PassedFrame } from '../passage/index.ts';

/** In milliseconds. The notices of so long fit in the buffer of the passage many times over. */
export const restMs = 100;

/** A connected handle of the interpreter, without a `net.Socket` around it. */
export interface ConnectionHandle {
  close(): void;
}

/** A connection of which nothing is read. */
export type HeldConnection = ConnectionHandle | Socket;

/** How this process hands connected sockets to an enclave, each with a frame. */
export interface Passing<F = PassedFrame> {
  /**
   * Takes the connections of a TCP server that listens, from now on. They send at once and are kept alive, which the enclave could
   * not ask for.
   * @param refused called for a connection that could not be accepted, as when the process has no descriptor left
   */
  accept(server: Server, arrived: (connection: HeldConnection) => void, refused: () => void): void;
  /** Connects to a passage. Rejects with the error of the system. */
  open(path: string, events: PassageEvents): Promise<Passage<F>>;
}

export interface PassageEvents {
  /** Bytes from the enclave, in pieces of any length. They are valid until it returns. */
  read(bytes: Uint8Array): void;
  /** The enclave has closed the passage, or it broke. Nothing passes any more. Called at most once, and not after `close`. */
  ended(): void;
}

/** Told that the enclave has been given a connection, or, with an error, that it is closed instead. */
export type SettledCallback<F = PassedFrame> = (frame: F, error: Error | undefined) => void;

/** The end of a passage from which connections are passed. */
export interface Passage<F = PassedFrame> {
  /** Takes the connection over: this process keeps no copy of it, whatever happens. Calls `settled` once, and later. */
  pass(connection: HeldConnection, frame: F, settled: SettledCallback<F>): void;
  /**
   * Reads nothing for {@link restMs}: what the enclave says meanwhile is read at once. To wake for each notice would cost as much
   * as to pass a connection.
   */
  rest(): void;
  /** Ends a rest. */
  wake(): void;
  /** Nothing passes any more. Connections that were not passed yet are closed. Idempotent. */
  close(): void;
}

/** A frame as text, one character for each byte. */
export type FrameText<F> = (frame: F) => string;
