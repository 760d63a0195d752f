import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a host in a process of its own loads. */
export interface Signed {
  readonly image: Uint8Array;
  readonly signature: Uint8Array;
}

export async function writeSigned(folder: string, { image, signature }: Signed): Promise<void> {
  await writeFile(join(folder, 'image'), image);
  await writeFile(join(folder, 'signature'), signature);
}

export async function readSigned(folder: string): Promise<Signed> {
  const [image, signature] = await Promise.all(['image', 'signature'].map((name) => readFile(join(folder, name))));
  return { image: new Uint8Array(image ?? []), signature: new Uint8Array(signature ?? []) };
}
