import { resolve } from 'node:path';
import { endOfProgram, type Io } from '@enclos/cli-frame';
import { openProjectPlatform, type ProjectPlatformOptions } from '@enclos/cli-platform/open';
import { runProgram } from '@enclos/host';
import { layOutImage } from '@enclos/manifest';
import type { PlatformDescription } from '@enclos/tee';
import { readSigned } from '../signed/read.ts';
import type { SignedProgram } from '../signed/signed-program.ts';

export interface EgoRunOptions extends ProjectPlatformOptions {
  /** A signed executable, or a bundle. Absolute. */
  readonly executable: string;
  /** The address of every listener. */
  readonly listenAddress: string;
}

/** What is told while it runs. */
export interface EgoRunEvents {
  platform(description: PlatformDescription): void;
  /** The program may connect anywhere, and listen on any port. */
  anyNetwork(): void;
  /** The program has a folder of this machine: the executable says which. */
  folder(folder: EgoFolder): void;
}

/** A folder of this machine, and where the program has it. */
export interface EgoFolder {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/**
 * Runs a signed executable as an enclave on a software platform, with the lines that `ego run` prints, until it ends.
 * @returns its exit code, or 128 and the number of the signal that ended it
 * @throws what reading it, starting a platform and `runProgram` throw
 */
export async function egoRun(options: EgoRunOptions, io: Io, events: EgoRunEvents): Promise<number> {
  const signed = await readSigned(options.executable);
  const { manifest, program, files, signature } = signed;
  const line = (text: string): void => io.stdout.write(`${text}\n`);
  line('[erthost] loading enclave ...');
  if (manifest.program.network === 'any') events.anyNetwork();
  const { mounts, environment } = hostPartOf(signed, io);
  for (const { target, kind, readOnly } of manifest.mounts) {
    const source = Object.hasOwn(mounts, target) ? mounts[target] : undefined;
    if (kind === 'host' && source !== undefined) events.folder({ source, target, readOnly });
  }
  const { launcher, description } = await openProjectPlatform(options);
  try {
    events.platform(description);
    line('[erthost] entering enclave ...');
    const starting = once(() => line('[ego] starting application ...'));
    const running = await runProgram({
      image: layOutImage({ manifest, bundle: program, files }),
      signature,
      launcher,
      isolation: options.isolation,
      listenAddress: options.listenAddress,
      mounts,
      environment,
      onLog(level, text) {
        // Its first line may come before it is said to run.
        starting();
        (level === 'error' || level === 'warn' ? io.stderr : io.stdout).write(`${text}\n`);
      },
    });
    starting();
    return await endOfProgram(running, {
      onSignal: (handler) => io.onSignal(handler),
      complain: (detail) => io.stderr.write(`${detail}\n`),
    });
  } finally {
    await launcher.close();
  }
}

type HostPart = Readonly<Record<'mounts' | 'environment', Readonly<Record<string, string>>>>;

/** Folders are those of the folder in which the command runs, and variables those of the user. */
function hostPartOf({ host }: SignedProgram, { cwd, env }: Io): HostPart {
  const mounts = host.folders.map(({ target, source }) => [target, resolve(cwd, source)] as const);
  const defaults = host.defaults.map(({ name, value }) => [name, value] as const);
  const given = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    mounts: Object.fromEntries(mounts),
    environment: Object.fromEntries([...defaults, ...given]),
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
