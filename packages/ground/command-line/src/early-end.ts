/** A stream of this process that another program may read. */
export interface PipedStream {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** `enclos inspect x | head` ends the pipe early, which is not a failure: what is written afterwards is lost, and nothing is said. */
export function allowEarlyEnd(stream: PipedStream): void {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
