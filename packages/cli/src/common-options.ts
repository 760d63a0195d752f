import type { CommandContext } from './context.ts';
import { defaultStateFolder } from './state-folder.ts';

/** The option that says where a vendor and a machine are kept. */
export const stateOption = {
  type: 'string',
  value: 'DIR',
  summary: 'The state folder, in place of the one of this user',
} as const;

/** The folder that the option names, or the one of this user. */
export function stateFolderOf(given: string | undefined, { io, path }: CommandContext): string {
  return given === undefined ? defaultStateFolder(io.env) : path(given);
}

export const isolationOption = {
  type: 'string',
  value: 'MODE',
  choices: ['strict', 'best'],
  default: 'strict',
  summary: 'strict starts only with every layer of isolation, best with those that the machine has',
} as const;

export const hostOption = {
  type: 'string',
  value: 'FILE',
  default: 'src/host.ts',
  extensions: ['ts', 'mts', 'js', 'mjs'],
  summary: 'The host program',
} as const;

export const keyOption = { type: 'string', value: 'FILE', summary: 'Sign with this key', extensions: ['pem'] } as const;

export const platformOption = {
  type: 'string',
  value: 'SOCKET',
  summary: 'Use a platform that `enclos platform serve` runs',
} as const;
