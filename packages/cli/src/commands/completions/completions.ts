import { bashCompletions } from './bash.ts';
import { fishCompletions } from './fish.ts';
import { completionModel, type CompletionModel } from './model.ts';
import { zshCompletions } from './zsh.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const scripts: Readonly<Record<Shell, (model: CompletionModel) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** A script of completions for a shell: every command and option of the registry. */
export async function completions(shell: Shell): Promise<string> {
  return scripts[shell](await completionModel());
}
