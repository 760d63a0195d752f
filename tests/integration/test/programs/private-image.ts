import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { runProgram, type RunningProgram, type RunProgramOptions } from '@enclos/host';
import { privateProgram } from '@enclos/testkit';
import { probeImage, programInterface, type ProbeImage, type ProbeVariant } from './probe-image.ts';

/** The image of the program with a private network: `native/private.c` of the testkit. */
export function privateImage(variant: ProbeVariant = {}): ProbeImage {
  return probeImage({
    interface: programInterface,
    bytes: new Uint8Array(readFileSync(privateProgram())),
    arguments: ['serve'],
    ...variant,
    manifest: {
      listen: [{ name: 'web', port: 8080, transport: 'either' }],
      connect: [
        { name: 'peer', host: 'peer.example', port: 443, transport: 'either' },
        { name: 'nowhere', host: 'nowhere.example', port: 7000, transport: 'either' },
      ],
      ...variant.manifest,
    },
    program: { network: 'private', ...variant.program },
  });
}

export interface PrivateScene {
  readonly program: RunningProgram;
  /** Gives it one line. @returns its answer */
  readonly ask: (line: string) => Promise<string>;
  /** Where its listener is. */
  readonly port: number;
  readonly lines: string[];
  /** The most connections of its peer at once. */
  readonly peak: () => number;
  close(): Promise<void>;
}

/** Runs it beside a peer that answers `peer: ` and what it was sent, and says how much of what came it has taken. */
export async function privateScene(
  options: Pick<RunProgramOptions, 'launcher'> & Partial<RunProgramOptions>,
  { image, signature }: Pick<ProbeImage, 'image' | 'signature'> = privateImage(),
): Promise<PrivateScene> {
  let [open, peak] = [0, 0];
  const peer = createServer({ allowHalfOpen: true }, (socket) => {
    peak = Math.max(peak, ++open);
    socket.once('close', () => open--);
    answerAll(socket);
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  // The address of a server that listens on a port is never text.
  const { port: peerPort } = peer.address() as AddressInfo;
  const lines: string[] = [];
  const program = await runProgram({
    image,
    signature,
    isolation: 'best',
    listen: { web: { port: 0 } },
    connect: { peer: { host: '127.0.0.1', port: peerPort }, nowhere: { host: '127.0.0.1', port: 1 } },
    onLog: (level, text) => lines.push(`${level} ${text}`),
    ...options,
  });
  const port = program.listeners['web']?.port ?? 0;
  return {
    program,
    port,
    lines,
    peak: () => peak,
    ask: (line) => askAt(port, line),
    async close() {
      await program.dispose();
      peer.close();
    },
  };
}

function answerAll(socket: Socket): void {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (piece: Buffer) => {
    text = (text + piece.toString()).slice(-1000);
    // Never read again: what it is sent then waits elsewhere.
    if (piece.length > 1000) socket.pause();
  });
  socket.on('end', () => socket.end(`peer: ${text}`));
}

async function askAt(port: number, line: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.end(line);
  await once(socket, 'end');
  return Buffer.concat(pieces).toString();
}
