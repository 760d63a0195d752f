import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadProject, PROJECT_FILE } from '@enclos/build';

/** The program that the enclave.json of a folder names; undefined when there is none, or it names none. @throws what `loadProject` throws */
export async function projectProgram(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, PROJECT_FILE))) return undefined;
  const { program } = await loadProject(folder);
  return program === undefined ? undefined : join(folder, program.file);
}
