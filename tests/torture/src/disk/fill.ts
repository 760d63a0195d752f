import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fillName = 'fill.bin';

/** Leaves so many free pages of 4 KiB on a disk. @returns false when there are fewer. */
export function fillTo(folder: string, freePages: number): boolean {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / 4096);
  if (free < freePages) return false;
  if (free > freePages) writeFileSync(join(folder, fillName), new Uint8Array((free - freePages) * 4096));
  return true;
}

export function empty(folder: string): void {
  rmSync(join(folder, fillName), { force: true });
}
