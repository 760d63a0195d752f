import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { utf8 } from '@enclos/codec';
import { readInPieces } from '@enclos/durable';
import { LedgerSecret, LedgerSecrets, LedgerWriter, type WriteSet } from '@enclos/ledger';
import { nodeDigests } from '@enclos/ledger/node';
import { verifyLedger, type LedgerFile } from '@enclos/ledger/proof';
import { atLeast, atMost, type Figure } from '../harness/figures.ts';
import { interleave } from '../harness/statistics.ts';
import { proofTools, writeLedger } from './ledger-files.ts';

const mostMicroseconds = 25;
const entriesARound = 20_000;
const rounds = 9;
const readRounds = 5;
/** What an entry of the ledger that is written here has beside its value. */
const entryOverhead = 194;
/** The share of the throughput of SHA-256. */
const leastShare = 0.5;
/**
 * Each entry is hashed alone, and so are its leaf and its node of the tree: transactions of a kilobyte cannot come near to the throughput of one
 * hash over all bytes. The second row says how near they come to these three digests.
 */
const leastBoundedBytes = 16_384;
const valueSizes = [1024, 4096, leastBoundedBytes, 65_536] as const;

/** The ledger: what an entry costs its writer, and a whole ledger its verifier. */
export async function benchLedger(megabytes: number): Promise<readonly Figure[]> {
  const figures = [await entryFigure()];
  for (const valueBytes of valueSizes) figures.push(...(await readFigures(megabytes, valueBytes)));
  return figures;
}

/** Frame, commit evidence, cipher, hashes and tree, against the same cryptography alone. */
async function entryFigure(): Promise<Figure> {
  const secret = new LedgerSecret(nodeDigests, randomBytes(32));
  const writer = new LedgerWriter({ digests: nodeDigests, secrets: LedgerSecrets.begin(secret) });
  const [key, value] = [utf8('a key of twenty-four byte'), new Uint8Array(100)];
  const writes: WriteSet = [{ name: 'records', readVersion: 0, writes: [[key, value]], removes: [] }];
  const { bytes } = writer.append({ view: 2, writes });
  const [iv, authenticated, plaintext] = [new Uint8Array(12), bytes.subarray(44, 125), bytes.subarray(125)];
  const [pair, leaf] = [new Uint8Array(64), new Uint8Array(96)];
  const { sha256 } = nodeDigests;
  const { ours, peer, ratio } = await interleave(
    rounds,
    async () => microsecondsEach(() => writer.append({ view: 2, writes })),
    async () =>
      microsecondsEach(() => {
        sha256(secret.commitKey(pair));
        secret.key.seal(iv, plaintext, authenticated);
        sha256(bytes);
        sha256(leaf);
        sha256(pair);
      }),
  );
  return {
    what: `an entry of ${bytes.length} bytes, against its cryptography alone`,
    ours: `${ours.toFixed(1)} µs`,
    peer: `${peer.toFixed(1)} µs`,
    ratio: ratio.toFixed(2),
    bound: atMost(mostMicroseconds, ours, ' µs'),
  };
}

async function microsecondsEach(work: () => void): Promise<number> {
  const total = await processorMicroseconds(async () => {
    for (let entry = 0; entry < entriesARound; entry++) work();
  });
  return total / entriesARound;
}

/** Processor time of all threads: other work of the machine does not count. */
async function processorMicroseconds(work: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** Reading and verifying a ledger in files, against reading them and SHA-256 over all of their bytes, or over what its tree is made of. */
async function readFigures(megabytes: number, valueBytes: number): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-bench-ledger-'));
  try {
    const paths = await writeLedger(folder, megabytes * 1e6, valueBytes);
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const files = paths.map((path, index) => fileOf(path, sizes[index] ?? 0));
    const throughput = async (work: () => Promise<void>): Promise<number> =>
      bytes / (await processorMicroseconds(work));
    const against = async (peer: () => Promise<void>, name: string, bound = false): Promise<Figure> => {
      const measured = await interleave(
        readRounds,
        async () => throughput(async () => verifyAll(files)),
        async () => throughput(peer),
      );
      return {
        what: `a ledger of ${(bytes / 1e6).toFixed(0)} MB, values of ${valueBytes} B, verified, against ${name}`,
        ours: `${measured.ours.toFixed(0)} MB/s`,
        peer: `${measured.peer.toFixed(0)} MB/s`,
        ratio: measured.ratio.toFixed(2),
        ...(bound ? { bound: atLeast(leastShare, measured.ratio) } : {}),
      };
    };
    const overAll = await against(async () => hashAll(files), 'SHA-256', valueBytes >= leastBoundedBytes);
    if (valueBytes >= leastBoundedBytes) return [overAll];
    return [overAll, await against(async () => hashEach(files, valueBytes), 'the digests of its tree alone')];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fileOf(path: string, size: number): LedgerFile {
  return { name: basename(path), size, read: () => readInPieces(path) };
}

async function verifyAll(files: readonly LedgerFile[]): Promise<void> {
  const { holds, problems } = await verifyLedger(files, {}, proofTools);
  if (!holds) throw new Error(`The ledger does not hold: ${JSON.stringify(problems[0])}`);
}

async function hashAll(files: readonly LedgerFile[]): Promise<void> {
  const hash = createHash('sha256');
  for (const file of files) for await (const piece of file.read()) hash.update(piece);
  hash.digest();
}

/** Digests of as many entries, leaves and nodes of the tree as the files hold: what no verifier can leave out. */
async function hashEach(files: readonly LedgerFile[], valueBytes: number): Promise<void> {
  const entryBytes = valueBytes + entryOverhead;
  const [leaf, pair] = [new Uint8Array(96), new Uint8Array(64)];
  for (const file of files) {
    for await (const piece of file.read()) {
      for (let at = 0; at < piece.length; at += entryBytes) {
        for (const hashed of [piece.subarray(at, at + entryBytes), leaf, pair]) nodeDigests.sha256(hashed);
      }
    }
  }
}
