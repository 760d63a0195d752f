import { bundleEnclave, type Bundle } from '../../src/node/bundle.ts';
import { loadProject } from '../../src/project/project.ts';
import { testBoot } from '../project-folder.ts';

/** Bundles the project in a folder, with the boot module of tests. */
export async function bundleOf(folder: string): Promise<Bundle> {
  return bundleEnclave(await loadProject(folder), testBoot);
}
