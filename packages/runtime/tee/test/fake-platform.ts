import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCaller, createDispatcher, type Caller } from '@enclos/edl';
import { EnclosError } from '@enclos/errors';
import { hostChannel, openChannel } from '../src/index.ts';

/** A platform of one connection that measures nothing and starts nothing. */
export interface FakePlatform {
  readonly socketPath: string;
  /** What it was asked, in order. */
  readonly asked: readonly string[];
  /** Listens at the gate that the next launch is told. */
  listenAtGate(): void;
  /** Dies. */
  die(): void;
  close(): void;
}

export interface FakeOptions {
  /** The name, in its folder, of the passage that the next launches are told. */
  readonly passage?: string;
  /** Why the next launches are told that their streams are relayed. */
  readonly relayedWhy?: string;
  /** What happens at the announcement of an image and at each piece of it. */
  readonly onPiece?: (piece?: Uint8Array) => void | Promise<void>;
}

const identity = {
  mrEnclave: new Uint8Array(32).fill(1),
  mrSigner: new Uint8Array(32).fill(2),
  productId: 3,
  securityVersion: 4,
  debug: false,
  isolation: [],
};

export async function startFakePlatform(options: FakeOptions = {}): Promise<FakePlatform> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-tee-'));
  const [socketPath, gatePath] = [join(folder, 'platform'), join(folder, 'gate')];
  const asked: string[] = [];
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let host: Caller<(typeof hostChannel)['untrusted']> | undefined;
  const listen = (path: string, connected: (socket: Socket) => void): Promise<void> =>
    new Promise((resolve) => {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        connected(socket);
      });
      servers.push(server);
      server.listen(path, resolve);
    });

  const calls = createDispatcher(hostChannel.trusted, {
    describe: () => {
      throw new EnclosError('PLATFORM_BUSY');
    },
    endorsements: () => new Promise<string>(() => undefined),
    create({ imageBytes }) {
      asked.push(`create ${imageBytes}`);
      return 7;
    },
    add({ upload, chunk }) {
      asked.push(`add ${upload} ${chunk.length}`);
      return options.onPiece?.();
    },
    openFile({ sha256, sizeBytes }) {
      asked.push(`openFile ${sha256[0]} ${sizeBytes}`);
      return sha256[0] === 0 ? 0 : 3;
    },
    async addToFile({ upload, chunk }) {
      asked.push(`addToFile ${upload} ${chunk.length}`);
      await options.onPiece?.(chunk);
    },
    async initialize({ upload, passes }) {
      asked.push(`initialize ${upload}${passes === true ? ' passes' : ''}`);
      // The notice of its end may come before the host knows of the enclave.
      await host?.exited({ enclave: 9n, exitCode: 5, detail: 'early' });
      const passagePath = options.passage && join(folder, options.passage);
      return { enclave: 10n, gatePath, passagePath, relayedWhy: options.relayedWhy, ...identity };
    },
    createSgx({ threads }) {
      asked.push(`createSgx ${threads}`);
      return { upload: 8, gatePath };
    },
    addSgx({ upload, chunk }) {
      asked.push(`addSgx ${upload} ${chunk.length}`);
      return options.onPiece?.(chunk);
    },
    initializeSgx({ upload, flags, xfrm, miscSelect }) {
      asked.push(`initializeSgx ${upload} ${flags} ${xfrm} ${miscSelect}`);
      return { enclave: 10n, ...identity };
    },
    quotingTarget: () => new Uint8Array(512).fill(5),
    quote: ({ report }) => report.subarray(0, 8),
    async terminate({ enclave }) {
      asked.push(`terminate ${enclave}`);
      await host?.exited({ enclave, signal: 'SIGKILL', detail: 'ended' });
    },
  });
  await listen(socketPath, (stream) => {
    const endpoint = openChannel({
      stream,
      initiator: false,
      protocol: hostChannel,
      serve: (index, payload) => calls(index, payload, undefined),
    });
    host = createCaller(hostChannel.untrusted, (call) =>
      endpoint.invoke(0, call.index, call.payload, { maxResultBytes: call.maxResultBytes }),
    );
  });

  const die = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    socketPath,
    asked,
    listenAtGate: () => void listen(gatePath, (socket) => socket.pipe(socket)),
    die,
    close() {
      die();
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
