import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEnclave, loadProject, signEnclave } from '@enclos/build';
import { generateSigningKey } from '@enclos/sgx/node';

const projectFolder = fileURLToPath(new URL('../../enclaves/subject', import.meta.url));

/** A compiled file of this package. */
export function compiled(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Where one torture works; nothing of it is left in the end. */
export interface Workplace {
  readonly folder: string;
  /** @param heapMiB of its enclave; a size of its own unless told, which tells the processes of lanes apart. */
  lane(name: string, heapMiB?: number): Promise<BuiltLane>;
  close(): void;
}

/** A state folder, a mount and an enclave of their own. */
export interface Lane {
  /** A host of its enclave: a compiled file of this package. */
  readonly hostProgram: string;
  /** What that host is told beside the folders and files of the lane. */
  readonly hostArguments: readonly string[];
  readonly hostEnvironment: NodeJS.ProcessEnv;
  /** In the command line of the lane's host and platform, and of nothing else. */
  readonly folder: string;
  readonly state: string;
  readonly mount: string;
  /** The audit log of its platforms, in a folder of its own. */
  readonly audit: string;
  /** Where its platforms have their runtime folders. */
  readonly tmp: string;
  readonly image: string;
  /** In the command line of every process of the lane's enclaves, and of no other. */
  readonly enclaveMarker: string;
}

/** The lane of an enclave that was built here. */
export interface BuiltLane extends Lane {
  /** The folder of enclave.json. */
  readonly project: string;
  readonly signature: string;
}

export function createWorkplace(parent: string = tmpdir()): Workplace {
  const folder = mkdtempSync(join(parent, 'enclos-torture-'));
  const key = generateSigningKey();
  let lanes = 0;
  return {
    folder,
    async lane(name, heapMiB = 300 + (process.pid % 1700) + lanes++) {
      const place = join(folder, name);
      const folders = layOutLane(place);
      const project = { ...(await loadProject(projectFolder)), heapSizeBytes: heapMiB * 1024 * 1024 };
      const { image } = await buildEnclave(project, { outFolder: join(place, 'build') });
      const paths = { image: join(place, 'subject.sgxs'), signature: join(place, 'subject.sig') };
      writeFileSync(paths.image, image);
      writeFileSync(paths.signature, signEnclave({ image, key, date: new Date() }));
      return {
        folder: place,
        project: projectFolder,
        hostProgram: compiled('kill/loop-host.program.js'),
        hostArguments: ['--signature', paths.signature],
        hostEnvironment: {},
        ...folders,
        ...paths,
        enclaveMarker: `--max-old-space-size=${heapMiB}\0`,
      };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Makes the folders of a lane, but for the state, which its first platform makes. */
export function layOutLane(place: string): Pick<Lane, 'state' | 'mount' | 'tmp' | 'audit'> {
  const folder = (name: string): string => join(place, name);
  for (const name of ['mount', 'tmp', 'audit']) mkdirSync(folder(name), { recursive: true });
  return { state: folder('state'), mount: folder('mount'), tmp: folder('tmp'), audit: folder('audit/log') };
}

/** A named pipe (fifo(7)). */
export function makePipe(path: string): void {
  const { status } = spawnSync('mkfifo', ['-m', '600', path], { stdio: 'inherit' });
  if (status !== 0) throw new Error('mkfifo failed.');
}
