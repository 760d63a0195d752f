import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompanionManifest } from '@enclos/manifest';
import type { LaunchFile } from '@enclos/tee';
import { temporaryFolder } from '../../support.ts';
import type { PassingEnclave } from '../passing/lab.ts';

const mebibyte = 1024n * 1024n;

/** The manifest of a small companion. */
export function companionManifest(change: Partial<CompanionManifest> = {}): CompanionManifest {
  const fields = { name: 'engine', processes: 1, memoryBytes: 64n * mebibyte, threads: 1, addons: false, files: [] };
  return { ...fields, ...change };
}

/** A companion that runs JavaScript of its enclave: text in a line comes, and what it gives goes back as JSON. */
export const evaluates = `
  const say = (value) => cap.channel.write(JSON.stringify(value) + '\\n');
  const addon = cap.loadAddon && cap.files[0] && cap.loadAddon(cap.files[0].path);
  let text = '';
  cap.channel.on('data', (bytes) => {
    text += Buffer.from(bytes);
    const [name, ...args] = JSON.parse(text);
    text = '';
    try {
      say(own[name]?.(...args) ?? addon[name](...args));
    } catch (error) {
      say(String(error));
    }
  }).on('close', () => cap.exit(0)).resume();
  const own = {
    keys: () => Object.keys(cap).sort(),
    globals: () => [typeof fetch, typeof process.binding, typeof process.kill, typeof process.dlopen],
    require: (name) => typeof cap.require(name),
    read: (path) => Buffer.from(cap.readFile(path)).toString('latin1'),
    load: (path) => Object.keys(cap.loadAddon(path)).length,
    evaluate: (code) => String(Function(code)()),
    end: (code) => cap.exit(code),
  };
  say(['hello', cap.files.length]);`;

/** An enclave that opens the first companion, tells what its processes say, and passes on what its host writes. */
export const opensCompanion = `
  const channels = new Map();
  const notice = (kind, companion, number, generation) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt8(kind, 0), bytes.writeUInt8(companion, 1), bytes.writeUInt16LE(number, 2), bytes.writeUInt32LE(generation, 4);
    cap.companions.send(bytes);
  };
  cap.companions.start((frame, channel) => {
    const [number, generation] = [Buffer.from(frame).readUInt16LE(2), Buffer.from(frame).readUInt32LE(4)];
    channels.set(number, channel);
    tell(['started', number, generation]);
    let text = '';
    channel.on('data', (bytes) => {
      text += Buffer.from(bytes);
      for (let at = text.indexOf('\\n'); at >= 0; at = text.indexOf('\\n')) {
        tell(['said', number, JSON.parse(text.slice(0, at))]);
        text = text.slice(at + 1);
      }
    }).on('error', () => undefined).on('close', () => tell(['ended', number, generation])).resume();
  });
  cap.gate.on('data', (bytes) => {
    for (const line of String(Buffer.from(bytes)).split('\\n').filter(Boolean)) {
      const [what, ...args] = JSON.parse(line);
      if (what === 'notice') notice(...args);
      else channels.get(args[0]).write(JSON.stringify(args.slice(1)));
    }
  });
  notice(2, 0, 0, 0);`;

/** What an enclave of {@link opensCompanion} tells of its companions. */
export class CompanionHost {
  readonly #enclave: PassingEnclave;
  #told: unknown[][] = [];

  constructor(enclave: PassingEnclave) {
    this.#enclave = enclave;
  }

  get launched(): PassingEnclave['launched'] {
    return this.#enclave.launched;
  }

  /** The next of a kind: `started`, `said` or `ended`. Others are kept. @returns what follows the kind */
  async next(kind: string): Promise<readonly unknown[]> {
    for (;;) {
      const at = this.#told.findIndex(([found]) => found === kind);
      if (at >= 0) return this.#told.splice(at, 1)[0]?.slice(1) ?? [];
      const told = await this.#enclave.told();
      if (Array.isArray(told)) this.#told.push(told);
    }
  }

  /** Calls a function of a process. @returns its result */
  async call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#write('call', 0, name, ...args);
    const [, said] = await this.next('said');
    return said;
  }

  /** The same for one that does not answer. */
  send(name: string): void {
    this.#write('call', 0, name);
  }

  /** Has the enclave send a notice to its platform. */
  notice(kind: number, companion: number, number: number, generation: number): void {
    this.#write('notice', kind, companion, number, generation);
  }

  #write(...words: readonly unknown[]): void {
    this.launched.gate.write(`${JSON.stringify(words)}\n`);
  }
}

/** The processes below this one, the platform of the tests, by their parents. */
export function descendants(): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((found) => /^\d+$/.test(found))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // After the name, which may hold anything: the state, and the parent (proc_pid_stat(5)).
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state !== 'Z') parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === process.pid || isBelow(parents.get(pid)));
  return [...parents.keys()].filter((pid) => pid !== process.pid && isBelow(parents.get(pid)));
}

/** A file beside an image. */
export interface LabFile extends LaunchFile {
  readonly place: string;
}

export function fileOf(path: string, place: string): LabFile {
  const content = readFileSync(place);
  const sha256 = new Uint8Array(createHash('sha256').update(content).digest());
  return { path, place, sha256, sizeBytes: content.length, open: () => createReadStream(place) };
}

export const manifestFileOf = ({ path, sha256, sizeBytes }: LaunchFile): CompanionManifest['files'][number] => ({
  path,
  sha256,
  sizeBytes: BigInt(sizeBytes),
});

export const compiler = ['gcc-14', 'gcc'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** The addon of the tests, compiled once. @returns its path */
export function compileProbe(): string {
  const source = fileURLToPath(new URL('../../../../test/native/companion-probe.c', import.meta.url));
  const made = join(temporaryFolder(), 'companion-probe.node');
  const run = spawnSync(compiler ?? 'gcc', ['-shared', '-fPIC', '-O1', '-o', made, source], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return made;
}
