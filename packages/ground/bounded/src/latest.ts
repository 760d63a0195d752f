/** The part of a stream that a sender needs. */
export interface Writable<T> {
  write(value: T): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

export interface LatestSender {
  /** The value is another one now. */
  changed(): void;
}

/**
 * Sends the value after each change, but never queues more than one for a slow reader: when it has read, it gets the
 * value of that time. A reader that hangs cannot make the sender hold values for it.
 */
export function sendLatest<T>(stream: Writable<T>, current: () => T): LatestSender {
  let waiting = false;
  let isStale = false;
  const send = (): void => {
    isStale = false;
    if (stream.write(current())) return;
    waiting = true;
    stream.once('drain', () => {
      waiting = false;
      if (isStale) send();
    });
  };
  return Object.freeze({
    changed() {
      if (waiting) isStale = true;
      else send();
    },
  });
}
