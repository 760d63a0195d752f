import type { Entry } from '../context.ts';
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

/** A script that completes the commands for a shell. */
export async function completionScript(shell: Shell, commands: readonly Entry[]): Promise<string> {
  return scripts[shell](await completionModel(commands));
}
