import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInside } from '../../files/inside.ts';

// From dist/src/commands/new, where this module runs: the folder that holds packages/cli.
const repository = fileURLToPath(new URL('../../../../../../', import.meta.url));
const isInstalled = repository.split(sep).includes('node_modules');

/**
 * @param folder of the new project
 * @returns what to tell the person when the command runs from the repository and the project stands outside it: `npm install`
 *   would ask the registry for packages that may not be there, or are another version
 */
export function unpublishedWarning(folder: string): string | undefined {
  if (isInstalled || isInside(repository, folder)) return undefined;
  return [
    'This command runs from the repository, and npm will ask the registry for its packages.',
    `To use those of the repository, run "npm run packages" there, and make the project with --from ${repository}.packages`,
  ].join('\n  ');
}
