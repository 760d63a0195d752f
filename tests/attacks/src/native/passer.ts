import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A kind of descriptor that the hostile host can make: see passer.c. */
export type DescriptorKind =
  | 'tcp'
  | 'listening'
  | 'unconnected'
  | 'unix'
  | 'sequence'
  | 'unix-datagram'
  | 'fifo'
  | 'fifo-out'
  | 'udp'
  | 'connected-udp'
  | 'raw'
  | 'netlink'
  | 'file'
  | 'folder'
  | 'path'
  | 'memory'
  | 'tty'
  | 'null'
  | 'epoll'
  | 'event'
  | 'process';

/** The passage of an enclave in the hands of a hostile host. A method whose message cannot be sent throws what `sendmsg` said. */
export interface Passer {
  /** Sends one message. Sockets of the kind `tcp` are connections to the port that was given. @returns the number of its first descriptor */
  send(kind: DescriptorKind, bytes: Uint8Array, count?: number): Promise<number>;
  /** Sends one message with so many copies of a descriptor that it kept. */
  again(number: number, count: number, bytes: Uint8Array): Promise<number>;
  /** Sends bytes alone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Does something with the copy that it kept: see passer.c. @returns what came of it */
  use(what: 'read' | 'block' | 'half' | 'whole' | 'part' | 'drop', number: number): Promise<number>;
  /** What the enclave has sent. */
  readonly heard: () => Uint8Array;
  /** Resolves when it has sent more, or has closed its end. */
  readonly more: () => Promise<void>;
  /** The enclave has closed its end. */
  readonly over: Promise<void>;
  close(): void;
}

/**
 * Starts the program of the attacks as the host's end of a passage.
 * @param port where its connections lead, on the loopback interface.
 */
export async function openPasser(program: string, path: string, port: number): Promise<Passer> {
  const child = spawn(program, ['pass', path, `${port}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  const heard: Uint8Array[] = [];
  const answers: ((line: string) => void)[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  let end: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      const [what = '', rest = ''] = line.split(' ');
      if (what === 'notice') heard.push(Buffer.from(rest, 'hex'));
      else if (what === 'over') end();
      else answers.shift()?.(line);
      if (what === 'notice' || what === 'over') wake();
    })
    .on('close', () => {
      end();
      wake();
      for (const answer of answers.splice(0)) answer('failed GONE');
    });
  const answer = async (order: string): Promise<number> => {
    const answered = new Promise<string>((resolve) => answers.push(resolve));
    if (order !== '') child.stdin.write(`${order}\n`);
    const [what = '', rest = ''] = (await answered).split(' ');
    if (what === 'failed') throw new Error(`${order}: ${rest}`);
    return Number(rest);
  };
  const hex = (bytes: Uint8Array): string => (bytes.length === 0 ? '-' : Buffer.from(bytes).toString('hex'));
  await once(child, 'spawn');
  await answer('');
  return Object.freeze({
    send: (kind: DescriptorKind, bytes: Uint8Array, count = 1) => answer(`send ${kind} ${count} ${hex(bytes)}`),
    again: (number: number, count: number, bytes: Uint8Array) => answer(`again ${number} ${count} ${hex(bytes)}`),
    write: async (bytes: Uint8Array) => void (await answer(`send null 0 ${hex(bytes)}`)),
    use: (what: string, number: number) => answer(`${what} ${number}`),
    heard: () => Buffer.concat(heard),
    more: () => new Promise<void>((resolve) => waiting.push(resolve)),
    over,
    close: () => void child.kill('SIGKILL'),
  });
}
