import type { CommandContext } from '../context.ts';
import { defaultStateFolder } from '../files/user-folders.ts';

/** The option for the folder of a vendor and a machine. */
export const stateOption = {
  type: 'string',
  value: 'DIR',
  summary: 'The state folder, instead of that of this user',
} as const;

/** The folder that the option names, or the one of this user. */
export function stateFolderOf(given: string | undefined, { io, path }: CommandContext): string {
  return path(given) ?? defaultStateFolder(io.env);
}
