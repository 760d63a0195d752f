import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyInterpreter } from '@enclos/isolation';
import { startPlatform } from '@enclos/software-sgx';
import { maxBulkBytes } from '../bench.edl.ts';
import { atLeast, type Figure } from '../harness/figures.ts';
import { place, placements, type Placement } from '../harness/placement.ts';
import { loadBench, type BenchEnclave } from '../load-bench.ts';
import { readSigned } from '../harness/signed-folder.ts';
import { interleave, time } from '../harness/statistics.ts';

const mebibyte = 1024 * 1024;
const smallestRatio = { other: 0.5, manyOut: 0.6 };
const sizes = [1, 16, 64].map((count) => count * mebibyte);
/**
 * The bound is against a receiver that needs the bytes in one piece, as an argument is, where each end has a core: on one
 * all that both do adds up. Above 32 MiB the allocator has fresh pages for every piece, and both measure the kernel's
 * clearing of them: ours twice, to encode and to decode. What a host receives is the application's, so its memory cannot
 * be used again: from some megabytes on the collector of a small heap runs for each, of ours and of the peer's.
 */
const isBound = (sizeBytes: number, kept: Kept, { cores }: Placement): boolean =>
  kept === 'whole' && sizeBytes <= 16 * mebibyte && cores !== undefined && cores[0] !== cores[1];

/**
 * The bare peer, in the enclave's interpreter: says when it has all that was
 * announced (kind 0 keeps nothing of it, kind 2 keeps it in one piece, as an
 * argument is), and sends as much as is asked for (kind 1).
 */
const peerProgram = `
const socket = require('node:net').connect(process.argv[1]);
const piece = Buffer.alloc(${maxBulkBytes});
let missing = 0, kind = 0, chunks = [];
socket.on('data', (chunk) => {
  if (missing === 0) {
    const sizeBytes = chunk.readUInt32LE(1);
    kind = chunk[0];
    if (kind === 1) return void socket.write(piece.subarray(0, sizeBytes));
    missing = sizeBytes;
    chunk = chunk.subarray(5);
  }
  missing -= chunk.length;
  if (kind === 2) chunks.push(chunk);
  if (missing > 0 || chunk.length === 0) return;
  if (kind === 2) chunks = (Buffer.concat(chunks), []);
  socket.write('.');
});`;

/** What the receiver does with the bytes: nothing, or what an argument needs. */
type Kept = 'nothing' | 'whole';

interface Pipe {
  /** Milliseconds until the peer has said that it has the bytes. */
  send(bytes: Uint8Array, kept: Kept): Promise<number>;
  /** Milliseconds until so many bytes are here. */
  receive(sizeBytes: number, kept: Kept): Promise<number>;
  close(): Promise<void>;
}

/** A bare Unix socket between this process and one of the enclave's interpreter. */
async function openPipe(interpreterPath: string): Promise<Pipe> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const path = join(folder, 'pipe.sock');
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const child = spawn(interpreterPath, ['-e', peerProgram, path], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The other end of the pipe ended: ${String(code)}.`);
  });
  ended.catch(() => undefined);
  const [socket] = (await Promise.race([once(server, 'connection'), ended])) as [Socket];
  const head = (kind: number, sizeBytes: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes[0] = kind;
    bytes.writeUInt32LE(sizeBytes, 1);
    return bytes;
  };
  return {
    send: (bytes, kept) =>
      time(async () => {
        const heard = arrived(socket, 1);
        socket.write(head(kept === 'whole' ? 2 : 0, bytes.length));
        socket.write(bytes);
        await heard;
      }),
    receive: (sizeBytes, kept) =>
      time(async () => {
        const heard = arrived(socket, sizeBytes);
        socket.write(head(1, sizeBytes));
        const chunks = await heard;
        if (kept === 'whole') Buffer.concat(chunks);
      }),
    async close() {
      socket.destroy();
      child.kill();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function arrived(socket: Socket, sizeBytes: number): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let missing = sizeBytes;
  await new Promise<void>((resolve) => {
    const read = (chunk: Uint8Array): void => {
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
  });
  return chunks;
}

/** One large argument, in each direction, against the bare pipe between the same two interpreters. */
async function measure(enclave: BenchEnclave): Promise<readonly Figure[]> {
  const interpreter = await verifyInterpreter();
  const pipe = await openPipe(interpreter.path);
  const bytes = new Uint8Array(maxBulkBytes).fill(7);
  const figures: Figure[] = [];
  const cases = placements().flatMap((placement) => sizes.map((sizeBytes) => ({ placement, sizeBytes })));
  for (const { placement, sizeBytes } of cases) {
    place(placement, interpreter.path);
    const data = bytes.subarray(0, sizeBytes);
    const rate = (milliseconds: number): string => `${(sizeBytes / mebibyte / (milliseconds / 1000)).toFixed(0)} MiB/s`;
    const directions = {
      in: [() => time(() => enclave.call.take({ data })), (kept: Kept) => pipe.send(data, kept)],
      out: [() => time(() => enclave.call.give({ sizeBytes })), (kept: Kept) => pipe.receive(sizeBytes, kept)],
    } as const;
    for (const [direction, [ours, peer]] of Object.entries(directions)) {
      for (const kept of ['whole', 'nothing'] as const) {
        const bare = (): Promise<number> => peer(kept);
        await interleave(2, ours, bare);
        const measured = await interleave(21, ours, bare);
        const speedRatio = 1 / measured.ratio;
        const smallest = smallestRatio[direction === 'out' && sizeBytes === 16 * mebibyte ? 'manyOut' : 'other'];
        figures.push({
          what: `bulk: ${sizeBytes / mebibyte} MiB ${direction}, bare pipe that keeps ${kept === 'whole' ? 'it whole' : 'nothing'}, ${placement.name}`,
          ours: rate(measured.ours),
          peer: rate(measured.peer),
          ratio: speedRatio.toFixed(2),
          ...(isBound(sizeBytes, kept, placement) ? { bound: atLeast(smallest, speedRatio) } : {}),
        });
      }
    }
  }
  await pipe.close();
  return figures;
}

/** Its argument is a folder with image and signature; it writes the figures as JSON. */
const folder = process.argv[2] ?? '';
const platform = await startPlatform({ stateFolder: join(folder, 'platform') });
const enclave = await loadBench({ ...(await readSigned(folder)), launcher: platform });
process.stdout.write(JSON.stringify(await measure(enclave)));
await enclave.dispose();
await platform.close();
