import { checkProgramBytes } from '@enclos/elf';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ProgramSettings } from '@enclos/manifest';
import { locateProjectFile, readProjectFile } from './project-files.ts';
import type { Project, ProjectProgram } from './project.ts';

export interface ProgramFile {
  readonly bytes: Uint8Array;
  /** Absolute. */
  readonly path: string;
  readonly settings: ProgramSettings;
}

/** Reads the program of a project, and holds it to the rules of programs. @throws PROGRAM_REFUSED, BUILD_FILE_UNREADABLE, BUILD_MANIFEST_INVALID */
export async function readProgram(
  { folder }: Pick<Project, 'folder'>,
  { file, network, arguments: given, output }: ProjectProgram,
): Promise<ProgramFile> {
  const bytes = await readProjectFile(folder, file);
  try {
    const { architecture } = checkProgramBytes(bytes);
    return {
      bytes,
      path: await locateProjectFile(folder, file),
      settings: { architecture, network, arguments: given, output },
    };
  } catch (error) {
    if (!isEnclosError(error, 'PROGRAM_REFUSED')) throw error;
    throw new EnclosError('PROGRAM_REFUSED', `${file} of the project: ${error.message}`, {
      details: { ...error.details, path: file },
      cause: error,
    });
  }
}
