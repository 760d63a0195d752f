// Puts the C header beside this package's program, from where its tarball carries it.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { durable } from '@enclos/durable';
import { cHeaderPath } from './c-header.ts';

const content = readFileSync(fileURLToPath(new URL('../../../../../sdk/c/enclos.h', import.meta.url)));
if (!existsSync(cHeaderPath) || !readFileSync(cHeaderPath).equals(content)) {
  await durable.replace(cHeaderPath, content, { mode: 0o644, folderMode: 0o755, isCache: true });
}
