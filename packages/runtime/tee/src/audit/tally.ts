import type { AuditEvent } from './record.ts';
import type { AuditWriter } from './writer.ts';

/** Events that may occur any number of times: the first of a kind in a second becomes a record, the others are counted. */
export interface Tally {
  /** Resolves when this event, or the first like it in this second, is on the disk. @throws PLATFORM_AUDIT_FAILED */
  record(subject: string, event: AuditEvent): Promise<void>;
  /** As `record`, for an event that has already happened. */
  note(subject: string, event: AuditEvent): void;
  /** Writes the counts. */
  flush(): void;
}

const windowMs = 1000;
/** The number of kinds of events that are told apart for one subject in one second; all further kinds count as one. */
const maxKinds = 16;

interface Kind {
  readonly event: AuditEvent;
  readonly first: Promise<void>;
  more: number;
}

interface Window {
  readonly kinds: Map<string, Kind>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Bounds what one subject (an enclave, a host) can write into the log: at most
 * two records of each of 17 kinds in a second. Nothing is lost: `count` says how many more of that kind there were.
 */
export function createTally(writer: Pick<AuditWriter, 'record' | 'note'>): Tally {
  const windows = new Map<string, Window>();
  const end = (subject: string, { kinds, timer }: Window): void => {
    clearTimeout(timer);
    windows.delete(subject);
    for (const { event, more } of kinds.values()) if (more > 0) writer.note({ ...event, count: more });
  };
  const windowOf = (subject: string): Window => {
    const known = windows.get(subject);
    if (known !== undefined) return known;
    const made: Window = { kinds: new Map(), timer: setTimeout(() => end(subject, made), windowMs).unref() };
    windows.set(subject, made);
    return made;
  };
  const take = (subject: string, event: AuditEvent, write: (event: AuditEvent) => Promise<void>): Promise<void> => {
    const { kinds } = windowOf(subject);
    const own = JSON.stringify(event);
    const isKnown = kinds.has(own) || kinds.size < maxKinds;
    const key = isKnown ? own : event.event;
    const known = kinds.get(key);
    if (known !== undefined) {
      known.more += 1;
      return known.first;
    }
    const kept = isKnown ? event : { event: event.event, subject, other: true };
    const first = write(kept);
    kinds.set(key, { event: kept, first, more: 0 });
    // A failed record was not counted: the next event tries again.
    first.catch(() => kinds.delete(key));
    return first;
  };
  return Object.freeze({
    record: (subject: string, event: AuditEvent) => take(subject, event, (kept) => writer.record(kept)),
    note(subject: string, event: AuditEvent) {
      void take(subject, event, (kept) => {
        writer.note(kept);
        return Promise.resolve();
      });
    },
    flush() {
      for (const [subject, window] of windows) end(subject, window);
    },
  });
}
