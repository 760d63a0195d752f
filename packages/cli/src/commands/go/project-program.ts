import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadProject, PROJECT_FILE } from '@enclos/build';
import { egoExecutable } from '@enclos/cli-ego';

/** The program that the enclave.json of a folder names. */
export interface NamedProgram {
  /** Absolute. */
  readonly file: string;
  /** The enclave.json is one of EGo: `enclos ego sign` makes the image. */
  readonly isEgo: boolean;
}

/** Undefined when there is no enclave.json, or it names no program. @throws what `loadProject` and `egoExecutable` throw */
export async function projectProgram(folder: string): Promise<NamedProgram | undefined> {
  if (!existsSync(join(folder, PROJECT_FILE))) return undefined;
  const ego = await egoExecutable(folder);
  if (ego !== undefined) return { file: ego, isEgo: true };
  const { program } = await loadProject(folder);
  return program === undefined ? undefined : { file: join(folder, program.file), isEgo: false };
}
