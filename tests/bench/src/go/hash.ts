import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { atLeast, type Figure } from '../harness/figures.ts';
import { processorTime } from '../harness/processor-time.ts';
import { interleave } from '../harness/statistics.ts';
import type { GoServer } from './servers.ts';

const rounds = 9;
const mebibytes = 256;
const leastRatio = 0.95;

/** SHA-256 by Go's own package: the processor time inside, without its host, and outside. */
export async function benchHash(servers: {
  readonly outside: GoServer;
  readonly passed: GoServer;
}): Promise<readonly Figure[]> {
  const [outside, inside] = [await open(servers.outside), await open(servers.passed)];
  const { ours, peer, ratio } = await interleave(
    rounds,
    async () => inside.hashMicros(({ tree, own }) => tree - own),
    async () => outside.hashMicros(({ tree }) => tree),
  );
  for (const client of [inside, outside]) client.close();
  return [
    {
      what: `Go, SHA-256 of ${mebibytes} MiB, by processor time; peer outside`,
      ours: speed(ours),
      peer: speed(peer),
      ratio: (1 / ratio).toFixed(2),
      bound: atLeast(leastRatio, 1 / ratio),
    },
  ];
}

const speed = (micros: number): string => `${((mebibytes * 2 ** 20) / micros).toFixed(0)} MB/s`;

interface HashClient {
  /** Processor time of one digest, in microseconds. @param of which part of what the server uses */
  hashMicros(of: (used: ReturnType<typeof processorTime>) => number): Promise<number>;
  close(): void;
}

async function open({ hash, processId }: GoServer): Promise<HashClient> {
  const socket: Socket = connect(hash, '127.0.0.1');
  await once(socket, 'connect');
  const answers: AsyncIterator<string, undefined> = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    async hashMicros(of) {
      const before = of(processorTime(processId));
      socket.write(`${mebibytes}\n`);
      const { value } = await answers.next();
      const after = of(processorTime(processId));
      return /^[0-9a-f]{64}$/.test(value ?? '') ? after - before : Number.NaN;
    },
    close: () => void socket.destroy(),
  };
}
