import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scene } from './scene.ts';
import { interleave, median, report, time } from './statistics.ts';

const data = new Uint8Array(32).fill(7);
/** What one such call and its answer are on the gate: header and payload. */
const frameBytes = 22 + 33;

interface Echo {
  readonly socket: Socket;
  readonly child: ChildProcess;
  close(): Promise<void>;
}

/** Another Node process that sends back every byte, over a Unix socket. */
async function startEcho(): Promise<Echo> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const server = createServer();
  const path = join(folder, 'echo.sock');
  server.listen(path);
  const child = fork(fileURLToPath(new URL('echo.js', import.meta.url)), [path]);
  const [socket] = (await once(server, 'connection')) as [Socket];
  return {
    socket,
    child,
    async close() {
      socket.destroy();
      child.kill();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function bareRoundTrip(socket: Socket): Promise<void> {
  let missing = frameBytes;
  await new Promise<void>((resolve) => {
    const read = (chunk: Uint8Array): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
    socket.write(new Uint8Array(frameBytes));
  });
}

async function sequential(count: number, once_: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) samples.push(await time(once_));
  return median(samples);
}

/** Typed calls through edl, gate and two processes, against a bare echo of as many bytes. */
export async function benchCalls(scene: Scene): Promise<void> {
  const enclave = await scene.load();
  const echo = await startEcho();
  const call = async (): Promise<unknown> => enclave.call.echo({ data });
  await sequential(2000, call);
  const pair = await interleave(
    7,
    async () => sequential(1000, call),
    async () => sequential(1000, async () => bareRoundTrip(echo.socket)),
  );
  report(
    'call: one at a time, p50',
    `${(pair.ours * 1000).toFixed(0)} µs`,
    `bare echo ${(pair.peer * 1000).toFixed(0)} µs, ratio ${pair.ratio.toFixed(2)}`,
  );
  const total = 100_000;
  const pipelined = await time(async () => window(total, 512, call));
  report('call: pipelined, window 512', `${Math.round(total / (pipelined / 1000)).toLocaleString('en')} /s`);
  await echo.close();
  await enclave.dispose();
}

/** Keeps `width` calls under way until `total` are answered. */
async function window(total: number, width: number, call: () => Promise<unknown>): Promise<void> {
  let left = total;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: width }, lane));
}
