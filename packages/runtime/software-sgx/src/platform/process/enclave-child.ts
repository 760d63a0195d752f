import type { ChildProcess } from 'node:child_process';
import { Readable, type Duplex } from 'node:stream';
import { ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { IsolationPlan, MadeCgroup } from '@enclos/isolation';
import { enclaveDescriptors } from '@enclos/loader';
import type { EnclaveExit } from '@enclos/tee';
import { maxDetailBytes } from './exit-detail.ts';
import { descriptor } from './process-group.ts';

/*
 * What the processes of scripts and of programs share.
 */

export interface EnclaveProcess {
  /** The platform's end of the enclave's channel. */
  readonly channel: Duplex;
  /** Resolves when the process has all that comes through its boot pipe, or never will. */
  readonly booted: Promise<void>;
  readonly exited: Promise<EnclaveExit>;
  /**
   * Kills the process. An enclave whose channel has ended is usually about to exit, and gets a moment for that: see {@link
   * leave}.
   */
  kill(): void;
}

/** @param describe says how it ended @returns the end of a process; never rejects */
export function exitOf(
  child: ChildProcess,
  describe: (code: number | null, signal: string | null) => EnclaveExit,
): Promise<EnclaveExit> {
  return new Promise<EnclaveExit>((resolve) => {
    // Also emitted when a signal cannot be sent, which does not end the process.
    child.on('error', (error) => {
      if (child.pid !== undefined) return;
      resolve({
        exitCode: undefined,
        signal: undefined,
        detail: `The enclave process could not be made: ${error.message}.`,
      });
    });
    // Not `exit`, which is the end of the wrapper: the descriptors close when the last process that holds them is gone.
    child.once('close', (code: number | null, signal) => resolve(describe(code, signal)));
  });
}

/** Makes a cgroup for this enclave when nothing else bounds its threads. @throws ENCLAVE_START_FAILED */
export function ownCgroup({ threads }: IsolationPlan, tasks: number): MadeCgroup | undefined {
  if (threads?.by !== 'cgroup') return undefined;
  const made = threads.cgroup.make(tasks);
  if (made === undefined) throw new EnclosError('ENCLAVE_START_FAILED', 'No cgroup can be made for the enclave.');
  return made;
}

/**
 * Writes the measured sections into the boot pipe once the process asks for them.
 * By then it has all its layers, its user, and the kernel's promise to end it with the platform: a platform that dies
 * earlier leaves a process that never gets any code to run.
 */
export function feed(child: ChildProcess, sections: readonly Uint8Array[]): Promise<void> {
  const pipe = descriptor(child, enclaveDescriptors.boot);
  // An enclave that dies early closes the pipe; its exit says why.
  pipe.on('error', () => undefined);
  pipe.once('data', () => Readable.from(bootPieces(sections), { objectMode: false }).pipe(pipe));
  return new Promise((resolve) => {
    // Not `close` alone: a wrapper holds the other end until the enclave is gone.
    for (const end of ['finish', 'close']) pipe.once(end, resolve);
  });
}

const pieceBytes = 1024 * 1024;

/** Each section after its length (u32), in pieces: writing a large one at once would keep others waiting. */
function* bootPieces(sections: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const section of sections) {
    yield new ByteWriter().u32(section.length).finish();
    for (let at = 0; at < section.length; at += pieceBytes) yield section.subarray(at, at + pieceBytes);
  }
}

/** @returns the end of what was written so far */
export function collectOutput(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-maxDetailBytes);
  });
  return () => text;
}
