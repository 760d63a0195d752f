import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every one of these workspaces has a README, and the list in docs/README.md leads to it. */
export function checkPackagePages(packages, base) {
  const where = 'docs/README.md';
  const index = readFileSync(join(base, where), 'utf8');
  return packages.flatMap(({ folder }) => [
    ...(existsSync(join(base, folder, 'README.md')) ? [] : [`${folder}/README.md: missing`]),
    ...(index.includes(`](../${folder})`) ? [] : [`${where}: the list of packages lacks ${folder}`]),
  ]);
}
