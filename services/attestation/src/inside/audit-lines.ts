import type { Host } from '../tenants/tenant.ts';

/** What one call of the host takes. */
const maximumBytes = 65_536;

/**
 * The host's audit log. Lines that come while others are on their way go together in the next call: a busy service
 * waits for few of them. Each line is answered when the call that took it is.
 */
export function auditLines(host: Pick<Host, 'audit'>): Pick<Host, 'audit'> {
  let waiting: Batch | undefined;
  let isBusy = false;
  const send = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let batch = waiting; batch !== undefined; batch = waiting) {
      waiting = undefined;
      await host.audit({ line: batch.lines.join('\n') }).then(batch.settle, batch.refuse);
    }
    isBusy = false;
  };
  return {
    audit({ line }) {
      const sizeBytes = Buffer.byteLength(line) + 1;
      // What does not fit goes by itself: the order of lines is that of their times, not of the file.
      if (waiting !== undefined && waiting.sizeBytes + sizeBytes > maximumBytes) return host.audit({ line });
      waiting ??= newBatch();
      waiting.lines.push(line);
      waiting.sizeBytes += sizeBytes;
      const { done } = waiting;
      void send();
      return done;
    },
  };
}

interface Batch {
  readonly lines: string[];
  sizeBytes: number;
  readonly done: Promise<void>;
  readonly settle: () => void;
  readonly refuse: (error: unknown) => void;
}

function newBatch(): Batch {
  let settle = (): void => undefined;
  let refuse = (_error: unknown): void => undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = resolve;
    refuse = reject;
  });
  return { lines: [], sizeBytes: 0, done, settle, refuse };
}
