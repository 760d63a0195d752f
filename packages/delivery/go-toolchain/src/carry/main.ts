// Puts the Go files of Enclos beside this package's program, from where its tarball carries them.
import '../errors.ts';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { durable } from '@enclos/durable';
import { shippedFiles } from '../carried.ts';

const parts = ['go', 'ego', 'overlay'] as const;

async function carry(from: string, to: string): Promise<void> {
  const wanted = new Map<string, string>();
  for (const part of parts) {
    if (!existsSync(join(from, part))) continue;
    for (const path of shippedFiles(join(from, part))) wanted.set(`${part}/${path}`, join(from, part, path));
  }
  if (existsSync(to)) {
    for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !wanted.has(path.slice(to.length + 1))) rmSync(path);
    }
  }
  for (const [path, source] of wanted) {
    const target = join(to, path);
    const content = readFileSync(source);
    if (existsSync(target) && readFileSync(target).equals(content)) continue;
    await durable.replace(target, content, { mode: 0o644, folderMode: 0o755, isCache: true });
  }
}

await carry(
  fileURLToPath(new URL('../../../../../../sdk', import.meta.url)),
  fileURLToPath(new URL('../../go', import.meta.url)),
);
