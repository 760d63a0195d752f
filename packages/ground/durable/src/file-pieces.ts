import { open } from 'node:fs/promises';

const pieceBytes = 1_048_576;

/**
 * The content of a file from its begin, for a reader that is done with a piece before it asks for the next: both come in the same
 * memory, and the next is read meanwhile. A stream takes new memory for each piece, which costs half as much as to hash it.
 *
 * @returns Pieces of up to 1 MiB; each holds until the next is asked for.
 * @throws the error of the file system
 * @example for await (const piece of readInPieces(path)) hash.update(piece);
 */
export async function* readInPieces(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path);
  const read = async (room: Uint8Array): Promise<Uint8Array> => room.subarray(0, (await file.read(room)).bytesRead);
  let [room, nextRoom] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)];
  let next: Promise<Uint8Array> | undefined;
  try {
    for (let piece = await read(room); piece.length > 0; piece = await next) {
      next = read(nextRoom);
      // A caller that stops early does not ask how it went.
      next.catch(() => undefined);
      [room, nextRoom] = [nextRoom, room];
      yield piece;
    }
  } finally {
    await next?.catch(() => undefined);
    await file.close();
  }
}
