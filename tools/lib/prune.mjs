import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesUnder, fromRoot, workspaces } from './workspace.mjs';

const outputSuffix = /\.(?:js|js\.map|d\.ts|d\.ts\.map)$/;

/**
 * Removes compiled files whose source is gone. The compiler never does, so a module
 * that was renamed stays importable under its old name until a fresh clone fails.
 */
export function pruneStaleOutputs() {
  const stale = workspaces().flatMap(({ path }) => {
    const dist = join(path, 'dist');
    return ['src', 'test', 'fuzz'].flatMap((part) =>
      filesUnder(join(dist, part), (file) => {
        if (!outputSuffix.test(file)) return false;
        return !existsSync(join(path, relative(dist, file)).replace(outputSuffix, '.ts'));
      }),
    );
  });
  for (const file of stale) rmSync(file);
  return stale.map(fromRoot);
}
