import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { Readable, type Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { ByteWriter } from '@enclos/codec';
import {
  enclaveCommand,
  inspectorDataBytes,
  maxThreads,
  withOpened,
  type IsolationPlan,
  type MadeCgroup,
} from '@enclos/isolation';
import { enclaveDescriptors, interpreterFlags, loaderSource } from '@enclos/loader';
import type { ReadImage } from '@enclos/manifest';
import type { EnclaveExit } from '@enclos/tee';
import { describeExit, maxDetailBytes } from './exit-detail.ts';
import { descriptor, leave } from './process-group.ts';

export interface SpawnOptions {
  readonly interpreterPath: string;
  readonly isolation: IsolationPlan;
  readonly image: ReadImage;
  /** The accepted, unread connection of the host: it becomes the enclave's gate. */
  readonly gate: Socket;
  /** The connection for the inspector. Only with `debug`. */
  readonly inspector?: Socket | undefined;
  /** The connection through which the host passes sockets to the enclave. */
  readonly passage?: Socket | undefined;
  readonly debug: boolean;
  /** The user that the enclave runs as, on a separated platform. */
  readonly user: number | undefined;
  /** The folders of the cgroups that count the enclave; undefined: those of the platform. */
  readonly cgroups: readonly string[] | undefined;
}

export interface EnclaveProcess {
  /** The platform's end of the enclave's channel. */
  readonly channel: Duplex;
  /** Resolves when the loader has the whole image, or never will. */
  readonly booted: Promise<void>;
  readonly exited: Promise<EnclaveExit>;
  /**
   * Kills the process. An enclave whose channel has ended is usually about to exit, and gets a moment for that: see {@link
   * leave}.
   */
  kill(): void;
}

/**
 * Spawns an enclave from measured bytes. They go through a pipe, never through a file: no other process can change them between
 * measuring and running, and nothing is left on disk. Must run on the main thread: the kernel ties an enclave to the thread
 * that made it (prctl PR_SET_PDEATHSIG).
 */
export function spawnEnclave(options: SpawnOptions): EnclaveProcess {
  const { inspector, passage } = options;
  if (inspector !== undefined && !options.debug) throw new EnclosError('LAUNCH_INSPECTOR_REFUSED');
  const { heapSizeBytes } = options.image.manifest;
  const own = ownCgroup(options);
  const [command = '', ...args] = commandOf(options, own);
  const child = withOpened(options.isolation.inherited, (filter) =>
    spawn(command, args, {
      stdio: [
        // Production enclaves have no output: an uncaught error would print parts of the application.
        'ignore',
        'ignore',
        options.debug ? 'pipe' : 'ignore',
        options.gate,
        'pipe',
        'pipe',
        inspector ?? 'ignore',
        // bubblewrap reads the filter from the next one.
        ...(passage === undefined ? filter : [filter[0] ?? ('ignore' as const), passage]),
      ],
      env: {},
      cwd: '/',
      // Its own process group: see process-group.ts.
      detached: true,
    }),
  );
  // The child has its own copy of each descriptor; ours would keep the connection open after its death.
  for (const given of [options.gate, inspector, passage]) given?.destroy();
  const output = collectOutput(child.stderr);
  const exited = new Promise<EnclaveExit>((resolve) => {
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
    child.once('close', (code: number | null, signal) =>
      resolve(describeExit({ code, signal, output: output(), heapSizeBytes })),
    );
  });
  void exited.then(() => own?.remove());
  const booted = feed(child, options.image.sections);
  const channel = descriptor(child, enclaveDescriptors.platform);
  return Object.freeze({ channel, booted, exited, kill: () => leave(child, channel) });
}

/** The command line: wrappers, interpreter, its flags and the loader. */
function commandOf(options: SpawnOptions, own: MadeCgroup | undefined): readonly string[] {
  const { debug, user, interpreterPath } = options;
  const [inspector, passage] = [options.inspector !== undefined, options.passage !== undefined];
  const cgroups = options.cgroups ?? (own === undefined ? [] : [own.folder]);
  const { heapSizeBytes, threads } = options.image.manifest;
  const needs = { heapSizeBytes, threads, extraDataBytes: inspector ? inspectorDataBytes : 0n, passage, user, cgroups };
  return [
    ...enclaveCommand(options.isolation, needs, interpreterPath),
    ...interpreterFlags({ heapSizeBytes, debug }),
    ...(inspector ? ['--allow-inspector', '--allow-worker'] : []),
    '-e',
    loaderSource({ inspector, passage }),
  ];
}

/** Makes a cgroup for this enclave when nothing else bounds its threads. @throws ENCLAVE_START_FAILED */
function ownCgroup({ isolation: { threads }, image }: SpawnOptions): MadeCgroup | undefined {
  if (threads?.by !== 'cgroup') return undefined;
  const made = threads.cgroup.make(maxThreads(image.manifest.threads));
  if (made === undefined) throw new EnclosError('ENCLAVE_START_FAILED', 'No cgroup can be made for the enclave.');
  return made;
}

/**
 * Writes the measured sections into the boot pipe once the loader asks for them.
 * By then the process has all its layers, its user, and the kernel's promise to end it with the platform: a platform that dies
 * earlier leaves a process that never gets any code to run.
 */
function feed(child: ChildProcess, sections: readonly Uint8Array[]): Promise<void> {
  const pipe = descriptor(child, enclaveDescriptors.boot);
  // An enclave that dies early closes the pipe; its exit says why.
  pipe.on('error', () => undefined);
  pipe.once('data', () => Readable.from(bootPieces(sections), { objectMode: false }).pipe(pipe));
  return new Promise((resolve) => pipe.once('close', () => resolve()));
}

const pieceBytes = 1024 * 1024;

/** Each section after its length (u32), in pieces: writing a large one at once would keep others waiting. */
function* bootPieces(sections: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const section of sections) {
    yield new ByteWriter().u32(section.length).finish();
    for (let at = 0; at < section.length; at += pieceBytes) yield section.subarray(at, at + pieceBytes);
  }
}

function collectOutput(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-maxDetailBytes);
  });
  return () => text;
}
