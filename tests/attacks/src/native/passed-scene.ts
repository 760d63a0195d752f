import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { streams } from '@enclos/process-kit/enclaves/streams';
import { createWorkshop, descendants, openRawHost, type RawHost, type SignedImage } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { encodePassedFrame, type PassedFrame } from '@enclos/tee/passage';
import { compileAttacks } from './machine.ts';
import { openPasser, type Passer } from './passer.ts';

type Trusted = (typeof streams)['trusted'];

/** An enclave of streams whose passage a hostile host holds. */
export interface PassedEnclave extends RawHost<Trusted> {
  readonly passer: Passer;
  /** The process of the enclave. */
  readonly processId: number;
  /** The next connection that the hostile host made: the end that it did not pass. */
  readonly peer: () => Promise<Socket>;
  /** The enclave's next notice. */
  readonly notice: () => Promise<Uint8Array>;
}

/** A platform, an image whose streams are passed, and a server to which the sockets that are passed lead. */
export interface PassedScene {
  readonly platform: EmbeddedPlatform;
  readonly signed: SignedImage;
  launch(): Promise<PassedEnclave>;
  close(): Promise<void>;
}

/** The frame of the first connection of the first listener, but for these fields. */
export function frameOf(fields: Partial<PassedFrame> = {}): Uint8Array {
  return encodePassedFrame({ kind: 'accepted', listener: 0, stream: 1, ...fields });
}

export async function createPassedScene(): Promise<PassedScene> {
  const folder = mkdtempSync('/tmp/enclos-passed-');
  const program = compileAttacks(folder);
  const workshop = createWorkshop();
  const platform = await workshop.startPlatform('here');
  const signed = await workshop.signed('streams', { transport: 'passed' });
  return Object.freeze({
    platform,
    signed,
    async launch() {
      const peers = await openPeers();
      const before = new Set(descendants(platform.processId));
      let passer: Passer | undefined;
      const raw = await openRawHost(platform, signed, {
        interface: streams,
        files: { streamConnect: () => undefined },
        dispatch: () => Promise.resolve(Uint8Array.of(0)),
        async openPassage(path) {
          passer = await openPasser(program, path, peers.port);
        },
      });
      if (passer === undefined) throw new Error('The platform made no passage.');
      const own = passer;
      await raw.system.start({ hostEnvironment: [] });
      let heard = 0;
      return Object.freeze({
        ...raw,
        passer: own,
        processId: descendants(platform.processId).findLast((id) => !before.has(id)) ?? 0,
        peer: peers.next,
        async notice() {
          heard += 24;
          for (;;) {
            const all = own.heard();
            if (all.length >= heard) return all.subarray(heard - 24, heard);
            await own.more();
          }
        },
        async close() {
          own.close();
          peers.close();
          await raw.close();
        },
      });
    },
    async close() {
      await workshop.close();
      rmSync(folder, { recursive: true });
    },
  });
}

async function openPeers(): Promise<{
  readonly port: number;
  readonly next: () => Promise<Socket>;
  readonly close: () => void;
}> {
  const accepted: Socket[] = [];
  const all: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket.on('error', () => undefined));
    all.push(socket);
    server.emit('more');
  });
  await once(server.listen(0, '127.0.0.1', 4096), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It does not listen.');
  return {
    port: address.port,
    async next() {
      for (;;) {
        const socket = accepted.shift();
        if (socket !== undefined) return socket;
        await once(server, 'more');
      }
    },
    close() {
      for (const socket of all) socket.destroy();
      server.close();
    },
  };
}
