import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** As much as a disk reads at once: an interpreter has over 100 MB. */
const pieceBytes = 1024 * 1024;

/** SHA-256 of a file in hex, in constant memory. Rejects with the error of the system. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
