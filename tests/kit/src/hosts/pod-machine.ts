import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPodmanOn, runFolder, startPrivateMachine } from '@enclos/testkit';
import { enclosBin, newProject, startProgram, type Ran } from '../processes/programs.ts';
import { enrolledRoot, platformPlace, startSeparated, type PodRoot } from './pods.ts';

/** A machine of a newcomer: nothing on it but a separated platform and podman, whose pods have addresses. */
export interface PodMachine {
  /** Of the platform that the pods use. */
  readonly root: PodRoot;
  readonly folder: string;
  /** Makes a project of a template; its packages are those of this repository. @returns its folder */
  project(name: string, template: string): Promise<string>;
  /** A command of `enclos` in a folder, which must succeed. @returns what it printed */
  enclos(cwd: string, ...argv: readonly string[]): Promise<string>;
  /** Runs a program on the machine. */
  run(cwd: string, ...words: readonly string[]): Promise<Ran>;
  /** A command of podman, which must succeed. @returns what it printed */
  podman(...argv: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export async function createPodMachine(): Promise<PodMachine> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-pod-machine-'));
  // The platform runs no enclaves below a folder that they cannot pass through.
  chmodSync(folder, 0o711);
  const runtime = join(folder, 'run');
  mkdirSync(runtime);
  // The base is the same for all images of a run; the command verifies what it finds there.
  const env = { XDG_CACHE_HOME: runFolder('cache') };
  const succeeded = async (what: string, ran: Promise<Ran>): Promise<string> => {
    const { code, stdout, stderr } = await ran;
    assert.equal(code, 0, `${what}: ${stderr}`);
    return stdout;
  };
  const enclos = (cwd: string, ...argv: readonly string[]): Promise<string> =>
    succeeded(argv.join(' '), startProgram([process.execPath, enclosBin, ...argv], { cwd, env }).ended);
  const machine = await startPrivateMachine({ [platformPlace]: runtime });
  const podman = createPodmanOn(machine, join(folder, 'podman'));
  const root = await enrolledRoot(join(folder, 'state'), (argv) => enclos(folder, ...argv));
  const platform = await startSeparated(folder, machine.words(folder));
  return Object.freeze({
    root,
    folder,
    project: (name: string, template: string) => newProject(folder, name, template),
    enclos,
    run: (cwd: string, ...words: readonly string[]) => startProgram([...machine.words(cwd), ...words], { cwd }).ended,
    podman: (...argv: readonly string[]) => succeeded(`podman ${argv.join(' ')}`, podman(...argv)),
    async close() {
      await machine.close();
      await platform.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
