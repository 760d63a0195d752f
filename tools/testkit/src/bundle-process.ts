import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { passOne } from './sockets/raw-passage.ts';

/** A process that runs a bundle as a platform starts it. */
export interface BundleProcess {
  /** The command with its arguments: what starts the interpreter, its flags and the loader. */
  readonly words: readonly string[];
  /** The bundle: an expression for a function that takes what the loader gives. */
  readonly script: string;
  /** The descriptors of the channels, as the loader numbers them. */
  readonly descriptors: {
    readonly gate: number;
    readonly platform: number;
    readonly boot: number;
    readonly passage: number;
  };
  /** A file that is descriptor 7, as the command may need. */
  readonly filter?: number | undefined;
  /** Gives it a passage, through which one connection comes. */
  readonly passes?: boolean | undefined;
  /** What the other end of that connection does. Default: answers what it reads with the same. */
  readonly peer?: ((client: Socket) => void) | undefined;
}

const answerLimitBytes = 262_144;
const timeoutMs = 120_000;

/**
 * Runs a bundle until it ends, has written a NUL to its platform channel, or was killed after 120 seconds.
 *
 * @returns what it wrote to its platform channel, with the NUL where there is one; the end of what it printed to standard
 * error; and its exit code or the name of the signal that ended it.
 */
export async function runBundleProcess({ words, script, descriptors, filter, passes, peer }: BundleProcess): Promise<{
  readonly answer: string;
  readonly errors: string;
  readonly ending: number | NodeJS.Signals | null;
}> {
  const [command = '', ...args] = words;
  const passage = passes === true ? await passOne(peer) : undefined;
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'ignore', filter ?? 'ignore'];
  if (passage !== undefined) stdio[descriptors.passage] = passage.enclave;
  const child = spawn(command, args, { stdio, env: {}, cwd: '/' });
  passage?.enclave.destroy();
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-2000)));
  // `pipe` descriptors of a child are socket pairs.
  const ends = child.stdio as unknown as readonly Duplex[];
  const [boot, platform, gate] = [descriptors.boot, descriptors.platform, descriptors.gate].map((at) => ends[at]);
  if (boot === undefined || platform === undefined || gate === undefined) throw new Error('There is no process.');
  for (const end of [boot, platform, gate]) end.on('error', () => undefined);
  boot.once('data', () => boot.end(Buffer.concat(['', script, ''].map(section))));
  let answer = '';
  platform.setEncoding('utf8').on('data', (text: string) => {
    if (answer.length < answerLimitBytes) answer += text;
    if (answer.endsWith('\0')) child.kill('SIGKILL');
  });
  // So that the enclave has something to read.
  gate.write('a message of the host');
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  passage?.close();
  return { answer, errors, ending: code ?? signal };
}

function section(text: string): Buffer {
  const content = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([length, content]);
}
