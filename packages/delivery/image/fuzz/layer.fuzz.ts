import { gzipSync } from 'node:zlib';
import { isEnclosError } from '@enclos/errors';
import { createAppView } from '../src/app-view.ts';
import { unpack } from '../src/layer/read-layer.ts';
import { bytesContent } from '../src/tar/entry.ts';
import { readTar } from '../src/tar/read.ts';
import { writeTar } from '../src/tar/write.ts';

async function sampleArchive(): Promise<Uint8Array> {
  const content = bytesContent(new Uint8Array(700).fill(0x41));
  const long = `${'d'.repeat(90)}/${'e'.repeat(60)}`;
  const parts: Uint8Array[] = [];
  const archive = writeTar(
    [
      { kind: 'folder', path: 'app', mode: 0o755 },
      { kind: 'file', path: 'app/enclave/vault.sgxs', mode: 0o644, content },
      { kind: 'link', path: 'door', target: 'app/enclave' },
      { kind: 'file', path: 'door/.wh.vault.sgxs', mode: 0o644, content: bytesContent(new Uint8Array()) },
      { kind: 'file', path: long, mode: 0o644, content },
    ],
    0,
  );
  for await (const piece of archive) parts.push(piece);
  return new Uint8Array(Buffer.concat(parts));
}

export async function seeds(): Promise<readonly Uint8Array[]> {
  const archive = await sampleArchive();
  const pax = Buffer.from('19 path=app/enclave\n12 size=100\n22 linkpath=usr/local\n');
  return [archive, new Uint8Array(gzipSync(archive)), pax, Buffer.concat([archive.subarray(0, 512), pax])];
}

async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  yield data;
}

/** A layer, compressed or not, read as `image verify` does. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const isGzip = data[0] === 0x1f;
  const budget = { entries: 100, records: 1000, unpackedBytes: 1024 * 1024 };
  let seen = 0;
  const view = createAppView(['usr/local/bin/node']);
  try {
    await readTar(
      unpack(pieces(data), isGzip ? 'gzip' : 'none'),
      (entry) => {
        if (entry.path.split('/').includes('..') || entry.path.startsWith('/')) throw new Error('A path leads out.');
        const sink = view.visit(entry);
        return {
          piece(bytes) {
            seen += bytes.length;
            sink?.piece(bytes);
          },
          end: () => sink?.end(),
        };
      },
      budget,
    );
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
  if (budget.records < -1) throw new Error('Records were read that the budget does not have.');
  if (seen > 1024 * 1024) throw new Error('More was unpacked than allowed.');
}
