import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { enclaveCommand, withOpened, type IsolationPlan } from '@enclos/isolation';
import { enclaveDescriptors, interpreterFlags } from '@enclos/loader';

export interface PassingTrialOptions {
  readonly interpreterPath: string;
  /** The user of the process, as on a separated platform. */
  readonly user?: number;
  readonly timeoutMs?: number;
}

const heapSizeBytes = 16n * 1024n * 1024n;
const defaultTimeoutMs = 10_000;

/**
 * Passes a connected socket to a process that is started as an enclave is, and waits for its answer through that socket. Security
 * modules of the kernel may refuse a descriptor that its receiver has not opened itself, and say nothing to either side.
 * @returns why it did not work, in words; undefined when it did
 */
export async function tryPassing(plan: IsolationPlan, options: PassingTrialOptions): Promise<string | undefined> {
  const { client, server } = await connectionPair();
  const child = startReceiver(plan, options);
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? defaultTimeoutMs);
  try {
    const ended = new Promise<string>((resolve) => {
      child.once('error', ({ message }) => resolve(message));
      child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `code ${code ?? 'unknown'}`}`));
    });
    // When this fails, so does the process.
    child.send('a socket', server, () => undefined);
    const why = await Promise.race([answerOf(client), ended]);
    return why === answer ? undefined : `A process that is started as enclaves are got no socket: ${why}.`;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    for (const socket of [client, server]) socket.destroy();
  }
}

const answer = 'passed';

/** Its other end, which the process ends, or which nothing ever answers. */
async function answerOf(client: Socket): Promise<string> {
  const pieces: Buffer[] = [];
  client.on('error', () => undefined).on('data', (piece: Buffer) => pieces.push(piece));
  const isAnswered = await new Promise<boolean>((resolve) => {
    client.once('end', () => resolve(pieces.length > 0));
  });
  // The end without an answer is that of the process, which says more.
  return isAnswered ? Buffer.concat(pieces).toString() : new Promise<string>(() => undefined);
}

function startReceiver(plan: IsolationPlan, { interpreterPath, user }: PassingTrialOptions): ChildProcess {
  const needs = { heapSizeBytes, threads: 1, passage: true, user };
  const [command, ...words] = [
    ...enclaveCommand(plan, needs, interpreterPath),
    ...interpreterFlags({ heapSizeBytes, debug: false }),
    '-e',
    `(${receive.toString()})(require,${enclaveDescriptors.passage},${JSON.stringify(answer)})`,
  ];
  return withOpened(plan.inherited, ([filter]) => {
    const ignored = Array.from({ length: enclaveDescriptors.passage }, () => 'ignore' as const);
    const stdio: StdioOptions = [...ignored, 'ipc'];
    if (filter !== undefined) stdio[filterAt] = filter;
    return spawn(command, words, { stdio, env: {}, cwd: '/' });
  });
}

/** The descriptor of the filter, the one before that of the passage. */
const filterAt = enclaveDescriptors.passage - 1;

/**
 * The program of the process: it becomes text, so it must not refer to anything outside itself. The interpreter opens the
 * descriptor of a channel itself where a variable names it, and not every wrapper keeps variables.
 */
function receive(require: NodeJS.Require, descriptor: number, answered: string): void {
  const net = require('node:net') as typeof import('node:net');
  const use = (socket: unknown): void => {
    if (!(socket instanceof net.Socket)) process.exit(1);
    // It stays until it is killed: its end would be seen before the answer.
    socket.end(answered);
  };
  if (process.channel !== undefined) {
    process.once('message', (_message, socket) => use(socket));
    return;
  }
  const { internalBinding } = require('internal/test/binding') as { internalBinding: (name: string) => PipeNatives };
  const { Pipe, constants } = internalBinding('pipe_wrap');
  const pipe = new Pipe(constants.IPC);
  pipe.open(descriptor);
  pipe.onread = () => use(pipe.pendingHandle && new net.Socket({ handle: pipe.pendingHandle } as object));
  pipe.readStart();
}

interface PipeNatives {
  readonly Pipe: new (type: number) => {
    open(descriptor: number): void;
    readStart(): void;
    onread: () => void;
    readonly pendingHandle: object | undefined;
  };
  readonly constants: { readonly IPC: number };
}

async function connectionPair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listener = createServer({ pauseOnConnect: true });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  // The address of a server that listens on a port is never text.
  const { port } = listener.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return { client, server };
}
