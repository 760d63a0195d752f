import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import type { CompanionManifest } from '@enclos/manifest';
import { decodeCompanionFrame, encodeCompanionNotice, type CompanionPassage } from '@enclos/tee/companions';

/** One process of a companion. */
export interface CompanionProcess {
  /** Which of the processes it is, from 0. The process that takes its place has the same number. */
  readonly number: number;
  /** The channel to it. Whatever it says is untrusted; its end is that of the process. A chunk is valid only until its listener returns. */
  readonly stream: Duplex;
  /** Ends it, whatever it does; another takes its place. For a process that does not answer in time. */
  end(): void;
}

export interface CompanionEvents {
  /** A process runs. Called for the first processes, and for each that takes the place of another. */
  readonly started: (process: CompanionProcess) => void;
  /** It has ended: by itself, by `end`, or by the platform. */
  readonly ended: (process: CompanionProcess) => void;
}

/** What boot gives: the companions of the measured manifest, and the passage, where the platform has one. */
export interface InstalledCompanions {
  readonly declared: readonly Pick<CompanionManifest, 'name' | 'processes'>[];
  readonly passage: CompanionPassage | undefined;
}

let installed: InstalledCompanions | undefined;
const opened = new Map<number, CompanionEvents>();

/** Called once, by boot. */
export function installCompanions(given: InstalledCompanions): void {
  if (installed !== undefined) throw new Error('The companions are installed already.');
  installed = given;
}

/**
 * Starts the processes of a companion that enclave.json declares, and keeps as many running as it says. The platform starts a process
 * again that ends, at once the first time, and later the longer the more often it ends: after at most 30 seconds.
 * @throws COMPANION_NOT_DECLARED for another name, and for one that is open already
 * @throws COMPANION_UNAVAILABLE on a platform without companions
 */
export function openCompanions(name: string, events: CompanionEvents): void {
  if (installed === undefined) {
    const message =
      'The enclave has not started: call openCompanions from its start function, or from a trusted function.';
    throw new EnclosError('COMPANION_UNAVAILABLE', message);
  }
  const { declared, passage } = installed;
  const companion = declared.findIndex((entry) => entry.name === name);
  if (companion < 0) throw new EnclosError('COMPANION_NOT_DECLARED', `enclave.json declares no companion ${name}.`);
  if (passage === undefined) throw new EnclosError('COMPANION_UNAVAILABLE');
  if (opened.has(companion)) {
    throw new EnclosError('COMPANION_NOT_DECLARED', `The companion ${name} is open already.`);
  }
  if (opened.size === 0) passage.start((frame, stream) => arrived(passage, frame, stream));
  opened.set(companion, events);
  passage.send(encodeCompanionNotice({ kind: 'open', companion }));
}

/** @throws GATE_PROTOCOL_VIOLATION, and then the enclave ends */
function arrived(passage: CompanionPassage, bytes: Uint8Array, stream: Duplex): void {
  const frame = decodeCompanionFrame(bytes);
  const events = opened.get(frame.companion);
  if (events === undefined) throw new EnclosError('GATE_PROTOCOL_VIOLATION', 'A companion came that nothing opened.');
  let isOver = false;
  const process: CompanionProcess = Object.freeze({
    number: frame.number,
    stream,
    end() {
      if (!isOver) passage.send(encodeCompanionNotice({ kind: 'end', ...frame }));
    },
  });
  // A process that ends may break its channel; the end is told by `close`.
  stream.on('error', () => undefined);
  stream.once('close', () => {
    isOver = true;
    events.ended(process);
  });
  events.started(process);
}
