import { buildEnclave } from '../src/build-enclave.ts';
import { loadProject } from '../src/project.ts';
import { testBoot } from './project-folder.ts';

/** Builds the project of a folder in a process of its own, for tests that change its surroundings. */
const [, , folder = ''] = process.argv;
const { report } = await buildEnclave(await loadProject(folder), testBoot);
process.stdout.write(report.mrEnclave);
