/** `@enclos/command-line/completions`: scripts that complete the command lines of a program in a shell. */
import type { CommandEntry } from '../entry.ts';
import { bashCompletions } from './bash.ts';
import { fishCompletions } from './fish.ts';
import { completionModel, type CompletionModel } from './model.ts';
import { zshCompletions } from './zsh.ts';

export { completionModel } from './model.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const scripts: Readonly<Record<Shell, (model: CompletionModel) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/**
 * A script that completes the commands, options, values and files of a program for a shell.
 * @param program its name: letters and digits, since functions of the script are named after it
 */
export async function completionScript(
  shell: Shell,
  program: string,
  commands: readonly CommandEntry<never>[],
): Promise<string> {
  return scripts[shell](await completionModel(program, commands));
}
